import { DataSource } from 'typeorm';
import { SharedWindowStorage } from '../../src/auth/shared-window-storage.js';
import { SystemClock } from '../../src/common/time/system-clock.js';
import { dataSourceOptions } from '../../src/database/data-source-options.js';
import { GuardedDataSource } from '../../src/database/guarded-data-source.js';
import { ManualClock } from '../support/manual-clock.js';
import { startTestPostgres } from '../support/postgres.js';
import { SilentLog } from '../support/silent-log.js';
import { openTestDatabase } from './instances-stage.js';

const MINUTE_MS = 60_000;

describe('counting requests in the database', () => {
  let dataSource: DataSource;

  beforeAll(async () => {
    dataSource = await openTestDatabase();
  });

  beforeEach(() => dataSource.query('TRUNCATE rate_limit_windows'));

  afterAll(() => dataSource.destroy());

  /** A process of its own; its memory is not the others'. */
  const newProcess = (clock = new ManualClock()) =>
    new SharedWindowStorage(dataSource, clock, new SilentLog());
  const endWindows = () =>
    dataSource.query(`UPDATE rate_limit_windows SET ends_at = clock_timestamp() - interval '1 s'`);
  const rows = () => dataSource.query<{ key: string; hits: number }[]>('SELECT * FROM rate_limit_windows');

  it('is one count for all processes, each hit once, however many come at the same time', async () => {
    const processes = [newProcess(), newProcess(), newProcess()];
    const hits = await Promise.all(
      Array.from({ length: 300 }, (_, index) =>
        (processes[index % 3] ?? newProcess()).increment('a', MINUTE_MS, 1000),
      ),
    );
    expect(hits.map(({ totalHits }) => totalHits).sort((one, other) => one - other)).toEqual(
      Array.from({ length: 300 }, (_, index) => index + 1),
    );
    expect((await newProcess().increment('b', MINUTE_MS, 1)).totalHits).toBe(1);
  });

  it('lets the limit through over all processes and refuses what comes after it until the window ends', async () => {
    const [one, other] = [newProcess(), newProcess()];
    expect(await one.increment('a', MINUTE_MS, 2)).toMatchObject({ totalHits: 1, isBlocked: false });
    expect(await other.increment('a', MINUTE_MS, 2)).toMatchObject({ totalHits: 2, isBlocked: false });
    const refused = await one.increment('a', MINUTE_MS, 2);
    expect(refused).toMatchObject({ totalHits: 3, isBlocked: true });
    expect(refused.timeToBlockExpire).toBeGreaterThan(0);
    expect(refused.timeToBlockExpire).toBeLessThanOrEqual(60);
    await endWindows();
    expect(await other.increment('a', MINUTE_MS, 2)).toMatchObject({ totalHits: 1, isBlocked: false });
  });

  it('knows the keys that used up their limit without another hit, until their window ends', async () => {
    const clock = new ManualClock();
    const storage = newProcess(clock);
    await storage.increment('a', MINUTE_MS, 2);
    expect(storage.blockedSeconds('a', 2)).toBe(0);
    await storage.increment('a', MINUTE_MS, 2);
    expect(storage.blockedSeconds('a', 2)).toBeGreaterThan(50);
    expect(storage.blockedSeconds('b', 2)).toBe(0);
    await clock.advance(MINUTE_MS);
    expect(storage.blockedSeconds('a', 2)).toBe(0);
  });

  it('does not ask the database about a key that is refused, and asks again when its window is over', async () => {
    const clock = new ManualClock();
    const storage = newProcess(clock);
    await storage.increment('a', MINUTE_MS, 1);
    for (let again = 0; again < 5; again += 1) {
      expect(await storage.increment('a', MINUTE_MS, 1)).toMatchObject({ totalHits: 2, isBlocked: true });
    }
    expect(await rows()).toMatchObject([{ key: 'a', hits: 2 }]);
    await endWindows();
    await clock.advance(MINUTE_MS);
    expect(await storage.increment('a', MINUTE_MS, 1)).toMatchObject({ totalHits: 1, isBlocked: false });
  });

  it('forgets windows that are over, once in a minute', async () => {
    const clock = new ManualClock();
    const storage = newProcess(clock);
    for (let index = 0; index < 50; index += 1) await storage.increment(`k${index}`, MINUTE_MS, 1);
    await endWindows();
    await clock.advance(MINUTE_MS);
    await storage.increment('last', MINUTE_MS, 1);
    await expect(eventually(async () => (await rows()).map(({ key }) => key))).resolves.toEqual(['last']);
  });

  it('goes on in each process for itself while the database is away', async () => {
    const postgres = await startTestPostgres();
    const url = await postgres.createDatabase();
    const options = { ...dataSourceOptions({ url, poolSize: 2, log: new SilentLog() }), logging: false };
    const guarded = new GuardedDataSource({ ...options, url }, new SystemClock(), new SilentLog());
    await guarded.initialize();
    try {
      await guarded.runMigrations();
      const storage = new SharedWindowStorage(guarded, new SystemClock(), new SilentLog());
      expect(await storage.increment('a', MINUTE_MS, 1)).toMatchObject({ totalHits: 1, isBlocked: false });
      await postgres.stop();
      expect(await storage.increment('a', MINUTE_MS, 1)).toMatchObject({ totalHits: 1, isBlocked: false });
      expect(await storage.increment('a', MINUTE_MS, 1)).toMatchObject({ totalHits: 2, isBlocked: true });
    } finally {
      await guarded.destroy();
      await postgres.stop();
    }
  });
});

/** What is left when one key remains, or after five seconds. */
async function eventually(keys: () => Promise<string[]>): Promise<string[]> {
  for (let tries = 0; tries < 100; tries += 1) {
    const found = await keys();
    if (found.length === 1) return found;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return keys();
}
