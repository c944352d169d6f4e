import { stat } from 'node:fs/promises';
import pg from 'pg';
import { DataSource } from 'typeorm';
import { errorCodeOf } from '../../src/common/errors/error-code.js';
import { dataSourceOptions } from '../../src/database/data-source-options.js';
import { limitedClient, type TimeLimits } from '../../src/database/limited-client.js';
import { migrate } from '../../src/database/migrate.js';
import { startPooler } from '../support/pooler.mjs';
import { createDatabase, runSql } from '../support/postgres.js';
import { SilentLog } from '../support/silent-log.js';

const NONE: TimeLimits = { statementMs: 0, lockMs: 0, idleInTransactionMs: 0 };
const SERVER = process.env['TEST_SERVER_URL'] ?? '';
const POOLER = process.env['TEST_POOLER_URL'];

/** Where there is no pooler the global set-up says so. */
const describeWithPooler = POOLER ? describe : describe.skip;

const WAYS = [
  { way: 'directly', admin: SERVER },
  ...(POOLER ? [{ way: 'through a pooler', admin: POOLER }] : []),
];

const settled = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => 'done',
    (error: unknown) => errorCodeOf(Reflect.get(Object(error), 'driverError')),
  );

describe.each(WAYS)('the server, reached $way,', ({ admin }) => {
  let url: string;
  let dataSource: DataSource;

  beforeAll(async () => {
    url = await createDatabase(admin);
    await runSql(url, 'CREATE TABLE rooms (id integer PRIMARY KEY)');
    await runSql(url, 'INSERT INTO rooms VALUES (1)');
  });

  afterEach(() => dataSource.destroy());

  const open = async (limits: Partial<TimeLimits>) => {
    const given = dataSourceOptions({
      url,
      poolSize: 3,
      log: new SilentLog(),
      limits: { ...NONE, ...limits },
    });
    dataSource = await new DataSource({ ...given, logging: false }).initialize();
  };

  it('ends a statement that takes too long, alone or in a transaction, and nothing of it is stored', async () => {
    await open({ statementMs: 200 });
    const slow = `WITH new AS (INSERT INTO rooms VALUES ($1)) SELECT pg_sleep(20)`;
    expect(await settled(dataSource.query(slow, [2]))).toBe('57014');
    expect(await settled(dataSource.query('SELECT pg_sleep(20)'))).toBe('57014');
    expect(await settled(dataSource.transaction((manager) => manager.query(slow, [3])))).toBe('57014');
    await dataSource.query('INSERT INTO rooms VALUES ($1)', [4]);
    expect(await runSql(url, `SELECT string_agg(id::text, ',' ORDER BY id) FROM rooms`)).toBe('1,4');
  });

  it('ends the wait for a row that somebody else holds', async () => {
    await open({ lockMs: 200 });
    await dataSource.transaction(async (manager) => {
      await manager.query('SELECT FROM rooms WHERE id = 1 FOR UPDATE');
      expect(await settled(dataSource.query('UPDATE rooms SET id = 1 WHERE id = 1'))).toBe('55P03');
      const other = dataSource.transaction((inner) => inner.query('DELETE FROM rooms WHERE id = 1'));
      expect(await settled(other)).toBe('55P03');
    });
  });

  it('takes what a transaction holds from a process that says nothing more', async () => {
    await open({ idleInTransactionMs: 200 });
    const frozen = dataSource.createQueryRunner();
    await frozen.startTransaction();
    await frozen.query('UPDATE rooms SET id = 1 WHERE id = 1');
    await runSql(url, 'UPDATE rooms SET id = 1 WHERE id = 1');
    await expect(frozen.query('COMMIT')).rejects.toThrow();
    await frozen.release();
  });

  it('answers a statement that fails with its own error, and the next one as if nothing had been', async () => {
    await open({ statementMs: 10_000 });
    expect(await settled(dataSource.query('INSERT INTO rooms VALUES ($1)', [1]))).toBe('23505');
    expect(await settled(dataSource.query('INSERT INTO rooms VALUES ($1)', ['x']))).toBe('22P02');
    expect(await settled(dataSource.query('SELEC 1'))).toBe('42601');
    const rows = Promise.all(
      [1, 2, 3, 4, 5].map((value) => dataSource.query('SELECT $1::integer AS value', [value])),
    );
    expect(await rows).toEqual([1, 2, 3, 4, 5].map((value) => [{ value }]));
  });
});

describeWithPooler('a pooler in transaction mode', () => {
  it('is between the storage tests and their server', async () => {
    const client = new pg.Client({ connectionString: process.env['TEST_DATABASE_URL'] });
    await client.connect();
    const { rows } = await client.query<{ id: number }>('SELECT pg_backend_pid() AS id');
    expect(rows[0]?.id).not.toBe(Reflect.get(client, 'processID'));
    await client.end();
    // What such a pooler says to a client that sets its limits when it connects.
    const limited = new pg.Client({ connectionString: POOLER, statement_timeout: 1000 });
    limited.on('error', () => undefined);
    await expect(limited.connect()).rejects.toThrow('unsupported startup parameter: statement_timeout');
  });

  it('gets its server processes back as they were: no setting, lock or statement stays on them', async () => {
    const url = await createDatabase(POOLER ?? '');
    const options = dataSourceOptions({ url, poolSize: 5, log: new SilentLog() });
    await migrate(options);
    const dataSource = await new DataSource({ ...options, logging: false }).initialize();
    await Promise.all(
      [1, 2, 3, 4, 5].map((value) => dataSource.query('SELECT pg_sleep(0.05), $1::integer', [value])),
    );
    await dataSource.transaction((manager) => manager.query('SELECT 1'));
    await dataSource.destroy();
    const names = ['statement_timeout', 'lock_timeout', 'idle_in_transaction_session_timeout'];
    const left = names.map((name) => `current_setting('${name}')`).join(` || ',' || `);
    const questions = [1, 2, 3, 4, 5, 6].map(() =>
      runSql(
        url,
        `SELECT ${left} || ',' || (SELECT count(*) FROM pg_prepared_statements) FROM pg_sleep(0.05)`,
      ),
    );
    expect(new Set(await Promise.all(questions))).toEqual(new Set(['0,0,0,0']));
    const locks = `SELECT count(*)::integer FROM pg_locks WHERE locktype = 'advisory' AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`;
    expect(await runSql(url, locks)).toBe(0);
  });

  it('lets many processes that start at once migrate, although it has connections for two', async () => {
    const directory = String(await runSql(SERVER, 'SHOW data_directory'));
    const url = await createDatabase(SERVER);
    const narrow = await startPooler(url, await stat(directory), 2);
    try {
      const processes = [1, 2, 3, 4].map(() =>
        migrate(dataSourceOptions({ url: narrow.url, poolSize: 2, log: new SilentLog() })),
      );
      await Promise.all(processes);
      expect(await runSql(url, `SELECT to_regclass('calls') IS NOT NULL`)).toBe(true);
    } finally {
      await narrow.stop();
    }
  });

  it('passes on by which name a process can be found', async () => {
    const Client = limitedClient({ ...NONE, statementMs: 1000 }, 'ringdrop found');
    const client = new Client({ connectionString: POOLER });
    await client.connect();
    const { rows } = await client.query(`SELECT current_setting('application_name') AS name`);
    expect(rows).toEqual([{ name: 'ringdrop found' }]);
    await client.end();
  });
});
