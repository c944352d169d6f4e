import { stat } from 'node:fs/promises';
import pg from 'pg';
import { DatabaseUnavailable } from '../../src/common/database/database-unavailable.js';
import { SystemClock } from '../../src/common/time/system-clock.js';
import { dataSourceOptions } from '../../src/database/data-source-options.js';
import { GuardedDataSource } from '../../src/database/guarded-data-source.js';
import { hasPooler, startPooler } from '../support/pooler.mjs';
import { PostgresProcesses } from '../support/postgres-processes.js';
import { runSql, startTestPostgres, type TestPostgres } from '../support/postgres.js';
import { SilentLog } from '../support/silent-log.js';

/** The server processes that answer the watch. */
const WATCHES = `SELECT coalesce(array_agg(pid), '{}') FROM pg_stat_activity
  WHERE application_name = 'ringdrop-watch' AND state = 'idle'`;

const WAYS = [{ way: 'directly' }, ...(hasPooler() ? [{ way: 'through a pooler' }] : [])];

/** On a server of its own, which is stopped in the middle. */
describe.each(WAYS)('a database that was given up, used $way', ({ way }) => {
  let postgres: TestPostgres;
  let pooler: Awaited<ReturnType<typeof startPooler>> | undefined;
  /** Of the server itself. */
  let url: string;
  let processes: PostgresProcesses;

  beforeAll(async () => {
    postgres = await startTestPostgres();
    processes = await PostgresProcesses.of(postgres.url);
    url = await postgres.createDatabase();
    await runSql(url, 'CREATE TABLE notes (text text PRIMARY KEY)');
    if (way !== 'directly') {
      const directory = String(await runSql(postgres.url, 'SHOW data_directory'));
      pooler = await startPooler(url, await stat(directory));
    }
  });

  afterAll(async () => {
    processes.thaw();
    await pooler?.stop();
    await postgres.stop();
  });

  const open = (poolSize: number): Promise<GuardedDataSource> => {
    const log = new SilentLog();
    const options = dataSourceOptions({ url: pooler?.url ?? url, poolSize, log });
    return new GuardedDataSource(options, new SystemClock(), log).initialize();
  };

  const until = async (condition: () => boolean | Promise<boolean>): Promise<void> => {
    while (!(await condition())) await new Promise((resolve) => setTimeout(resolve, 20));
  };

  it('finishes nothing any more of what it was asked before, once it is there again', async () => {
    const database = await open(2);
    const holder = new pg.Client({ connectionString: url });
    await holder.connect();
    await holder.query(`BEGIN; INSERT INTO notes VALUES ('given up')`);

    const write = database.query(`INSERT INTO notes VALUES ('given up')`);
    const failed = expect(write).rejects.toThrow(DatabaseUnavailable);
    const waiting = `SELECT count(*)::integer FROM pg_stat_activity WHERE wait_event_type = 'Lock'`;
    await until(async () => (await runSql(url, waiting)) === 1);
    await processes.freeze();
    await until(() => !database.isUp);
    await failed;
    processes.thaw();
    await until(() => database.isUp);

    // The row is free now: a statement that still waited for it would be done before the next answer.
    await holder.query('ROLLBACK');
    await database.query(`INSERT INTO notes VALUES ('the next')`);
    await holder.end();
    await expect(database.query('SELECT text FROM notes')).resolves.toEqual([{ text: 'the next' }]);
    await database.destroy();
  });

  it('lends nobody a connection on which a transaction was left open', async () => {
    const single = await open(1);
    // Those who wait behind it get a new connection as soon as the database is given up, although it is well.
    const cut = expect(single.query('SELECT pg_sleep(30)')).rejects.toThrow(DatabaseUnavailable);
    const asleep = `SELECT count(*)::integer FROM pg_stat_activity WHERE wait_event = 'PgSleep'`;
    await until(async () => (await runSql(url, asleep)) === 1);
    let isLeft = false;
    const left = single
      .transaction(async (manager) => {
        for (;;) await manager.query('SELECT 1');
      })
      .catch(() => void (isLeft = true));
    // A pooler lends the watch another process each time.
    while (!isLeft) processes.freezeSome((await runSql(url, WATCHES)) as number[]);
    processes.thaw();
    await Promise.all([cut, left]);
    await until(() => single.isUp);

    await single.query(`INSERT INTO notes VALUES ('stays')`);
    expect(await runSql(url, `SELECT count(*)::integer FROM notes WHERE text = 'stays'`)).toBe(1);
    await single.destroy();
  });
});

describe('a data source that is closed', () => {
  let postgres: TestPostgres;
  let processes: PostgresProcesses;
  let database: GuardedDataSource;
  /** The server process behind its connection. */
  let pid: number;

  beforeAll(async () => {
    postgres = await startTestPostgres();
    processes = await PostgresProcesses.of(postgres.url);
  });

  beforeEach(async () => {
    const log = new SilentLog();
    const options = dataSourceOptions({ url: await postgres.createDatabase(), poolSize: 1, log });
    database = await new GuardedDataSource(options, new SystemClock(), log).initialize();
    [{ pid }] = await database.query<[{ pid: number }]>('SELECT pg_backend_pid() AS pid');
  });

  afterEach(() => processes.thaw());

  afterAll(() => postgres.stop());

  const isConnected = async (): Promise<boolean> => {
    const count = await runSql(
      postgres.url,
      `SELECT count(*)::integer FROM pg_stat_activity WHERE pid = ${pid}`,
    );
    return count === 1;
  };

  it('has waited until the server ended its connections', async () => {
    expect(await isConnected()).toBe(true);
    processes.freezeSome([pid]);
    const destroyed = database.destroy();
    setTimeout(() => processes.thaw(), 50);
    await destroyed;
    expect(await isConnected()).toBe(false);
  });

  it('does not wait for a server that never does', async () => {
    processes.freezeSome([pid]);
    await database.destroy();
    expect(await isConnected()).toBe(true);
  });
});
