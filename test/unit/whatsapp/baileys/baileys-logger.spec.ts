import { beforeEach, describe, expect, it } from '@jest/globals';
import { BaileysLogger } from '../../../../src/whatsapp/baileys/baileys-logger.js';
import { SilentLog } from '../../../support/silent-log.js';

const INSTANCE = '6f1f9a2e-0000-4000-8000-000000000001';

let log: SilentLog;
let logger: BaileysLogger;

beforeEach(() => {
  log = new SilentLog();
  logger = new BaileysLogger(log, INSTANCE);
});

describe('the library in our log', () => {
  it.each(['info', 'warn', 'error'] as const)('is one debug line with its sentence at level %s', (level) => {
    logger[level](
      { creds: { noiseKey: 'private' }, node: { attrs: { to: '5511987654321' } } },
      'logging in...',
    );
    expect(log.lines).toEqual([
      {
        level: 'debug',
        sentence: 'Baileys says',
        details: { instanceId: INSTANCE, said: 'logging in...' },
      },
    ]);
  });

  it('says nothing at trace and debug', () => {
    logger.trace();
    logger.debug();
    expect(log.lines).toEqual([]);
  });

  it('understands a sentence without an object', () => {
    logger.info('connected to WA');
    expect(log.lines[0]?.details).toEqual({ instanceId: INSTANCE, said: 'connected to WA' });
  });

  it('has no words for an object without a sentence', () => {
    logger.warn({ key: 'private' });
    expect(log.lines[0]?.details).toEqual({ instanceId: INSTANCE, said: 'no words' });
  });

  it('keeps the message of an error, wherever it stands, and nothing else of it', () => {
    const failure = Object.assign(new Error('item-not-found'), { data: { privKey: 'private' } });
    logger.error({ err: failure, jid: '1@lid' }, 'failed');
    logger.error(failure, 'failed');
    for (const { details } of log.lines) {
      expect(details).toEqual({ instanceId: INSTANCE, said: 'failed', reason: 'item-not-found' });
    }
    expect(log.lines).toHaveLength(2);
  });

  it('masks numbers in sentences and errors', () => {
    logger.warn(
      { error: new Error('no session for 5511987654321:12@lid') },
      'retry for 5511987654321@s.whatsapp.net',
    );
    expect(log.lines[0]?.details).toEqual({
      instanceId: INSTANCE,
      said: 'retry for 5511*****4321@s.whatsapp.net',
      reason: 'no session for 5511*****4321:12@lid',
    });
  });

  it('is the same for every part of the library', () => {
    expect(logger.child()).toBe(logger);
  });
});
