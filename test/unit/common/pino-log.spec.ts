import { QueryFailedError } from 'typeorm';
import { PinoLog } from '../../../src/common/logging/pino-log.js';

function logTo(lines: string[]): PinoLog {
  return PinoLog.create('info', { destination: { write: (line: string) => void lines.push(line) } });
}

describe('log', () => {
  it('writes one JSON object with the sentence and the facts', () => {
    const lines: string[] = [];
    logTo(lines).info('A session is open', { instanceId: 'i1' });
    expect(JSON.parse(lines.join(''))).toMatchObject({
      level: 'info',
      msg: 'A session is open',
      instanceId: 'i1',
    });
  });

  it('keeps the parameters of a failed query out, for they can be secrets', () => {
    const lines: string[] = [];
    const err = new QueryFailedError(
      'INSERT …',
      ['s3cret-value'],
      Object.assign(new Error('broken'), { code: '23505' }),
    );
    logTo(lines).error('It failed', { err });
    expect(lines.join('')).toContain('broken');
    expect(lines.join('')).not.toContain('s3cret-value');
  });

  it('hides fields that are secrets by name', () => {
    const lines: string[] = [];
    logTo(lines).warn('Careless', { token: 'rda_x1', proxy: { password: 'hunter2' } });
    expect(lines.join('')).not.toMatch(/rda_x1|hunter2/);
  });

  it('tells the causes of an error', () => {
    const lines: string[] = [];
    logTo(lines).error('It failed', { err: new Error('outer', { cause: new Error('inner') }) });
    expect(lines.join('')).toContain('inner');
  });

  it('is quiet below its level', () => {
    const lines: string[] = [];
    logTo(lines).debug('Detail');
    expect(lines).toEqual([]);
  });
});
