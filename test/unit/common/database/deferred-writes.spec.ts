import { DatabaseUnavailable } from '../../../../src/common/database/database-unavailable.js';
import { DeferredWrites } from '../../../../src/common/database/deferred-writes.js';
import { ManualClock } from '../../../support/manual-clock.js';
import { SilentLog } from '../../../support/silent-log.js';

function setUp() {
  const clock = new ManualClock();
  const log = new SilentLog();
  const written: string[] = [];
  const database = { isAway: true };
  const write = (text: string) => (): Promise<string> => {
    if (database.isAway) return Promise.reject(new DatabaseUnavailable());
    written.push(text);
    return Promise.resolve(text);
  };
  return { clock, log, written, database, write, writes: new DeferredWrites(clock, log) };
}

describe('writes that must not be lost', () => {
  it('give their result at once when the database is there', async () => {
    const { database, write, writes, written } = setUp();
    database.isAway = false;
    await expect(writes.run('a', write('one'))).resolves.toBe('one');
    expect(written).toEqual(['one']);
  });

  it('tell that the database is away, and are written when it is back, those of a key in their order', async () => {
    const { clock, database, write, writes, written } = setUp();
    const results = [
      writes.run('a', write('one')),
      writes.run('a', write('two')),
      writes.run('b', write('other')),
    ];
    const settled = Promise.allSettled(results);
    await clock.advance(10_000);
    await expect(writes.run('a', write('three'))).rejects.toBeInstanceOf(DatabaseUnavailable);
    expect(written).toEqual([]);

    database.isAway = false;
    await clock.advance(250);
    await writes.idle();
    expect((await settled).map(({ status }) => status)).toEqual(['rejected', 'rejected', 'rejected']);
    expect(written.filter((text) => text !== 'other')).toEqual(['one', 'two', 'three']);
    expect(written).toContain('other');
    await expect(writes.run('a', write('four'))).resolves.toBe('four');
  });

  it('that fail for another reason are given up and told, also after they have waited', async () => {
    const { clock, log, writes } = setUp();
    const fault = new Error('no such column');
    await expect(writes.run('a', () => Promise.reject(fault))).rejects.toBe(fault);
    expect(log.lines).toEqual([]);

    let tries = 0;
    const late = writes.run('a', () => Promise.reject(tries++ === 0 ? new DatabaseUnavailable() : fault));
    await expect(late).rejects.toBeInstanceOf(DatabaseUnavailable);
    await clock.advance(250);
    expect(tries).toBe(2);
    expect(log.sentences('error')).toEqual(['A write that had waited for the database failed']);
    await writes.idle();
  });

  it('are given up when the process stops', async () => {
    const { clock, write, writes, written } = setUp();
    await expect(writes.run('a', write('one'))).rejects.toBeInstanceOf(DatabaseUnavailable);
    const stopped = writes.stop();
    await clock.advance(250);
    await stopped;
    expect(written).toEqual([]);
  });
});
