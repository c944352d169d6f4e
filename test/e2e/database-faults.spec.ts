import { isDeepStrictEqual } from 'node:util';
import pg from 'pg';
import type { CallRecord, ContactOptions } from '../simulator/index.js';
import { failure, failureOf } from '../support/failure.js';
import { PostgresProcesses } from '../support/postgres-processes.js';
import { runSql, startTestPostgres, type TestPostgres } from '../support/postgres.js';
import { ringLengths } from '../support/ring-lengths.js';
import { Stage, type Answer } from '../support/stage.js';

const CALLER = '491510000060';
const OUTAGE_MS = 5_000;
const ANSWER_LIMIT_MS = 2_800;
const RECOVERY_LIMIT_MS = 10_000;
const UNAVAILABLE = failure(503, 'database_unavailable', 'Database is not available', '2');

describe('a database that fails', () => {
  let postgres: TestPostgres;
  let processes: PostgresProcesses;
  let stage: Stage;

  beforeAll(async () => {
    postgres = await startTestPostgres();
    processes = await PostgresProcesses.of(postgres.url);
    stage = await Stage.open({ DATABASE_URL: await postgres.createDatabase(), DATABASE_POOL_SIZE: '4' });
    await stage.linkedInstance('shop', CALLER);
  });

  afterEach(() => {
    processes.thaw();
    expect(stage.simulator.violations).toEqual([]);
    // Whatever happened, the session was not touched.
    expect(stage.simulator.sessions).toHaveLength(1);
    expect(stage.simulator.loginCount(CALLER)).toBe(1);
  });

  afterAll(async () => {
    await stage.close();
    await postgres.stop();
  });

  const newContact = (contact: Omit<ContactOptions, 'number'> = {}) =>
    stage.newContact({ devices: [0], ...contact });

  async function place(duration: number, contact: Omit<ContactOptions, 'number'> = {}): Promise<string> {
    const { status, body } = await stage.call('shop', { number: newContact(contact), duration });
    expect(status).toBe(200);
    return String(body.callId);
  }

  const isRinging = async (callId: string): Promise<boolean> =>
    (await stage.callInfo('shop', callId)).state === 'ringing';
  const onPhones = (callId: string): CallRecord | undefined =>
    stage.simulator.calls.find((call) => call.callId === callId);
  const rangMs = (callId: string): number[] => ringLengths(onPhones(callId) ?? { devices: [] });

  async function timed(work: () => Promise<Answer>): Promise<Answer & { ms: number }> {
    const startedAt = Date.now();
    const answer = await work();
    return { ...answer, ms: Date.now() - startedAt };
  }

  async function untilWell(): Promise<void> {
    await stage.until(
      async () => (await stage.get('/health')).status === 200,
      'everything is normal again',
      RECOVERY_LIMIT_MS,
    );
    const callId = await place(1);
    expect(await stage.endedCall('shop', callId)).toMatchObject({ outcome: 'completed' });
    await stage.until(
      async () =>
        (await runSql(stage.databaseUrl, `SELECT count(*)::int FROM calls WHERE state <> 'ended'`)) === 0,
      'every call has its end',
      RECOVERY_LIMIT_MS,
    );
  }

  it('by saying nothing is told as 503 within a second; rings end on time, and what became of them is not lost', async () => {
    const onTime = await place(3);
    const declined = await place(50, { behaviour: { kind: 'rejects', ringsFirst: true, afterMs: 3_000 } });
    const lateRing = await place(6, { behaviour: { kind: 'rings', afterMs: 3_000 } });
    await stage.until(
      async () => (await isRinging(onTime)) && (await isRinging(declined)),
      'two phones ring',
    );

    await processes.freeze();
    const stoppedAt = Date.now();
    const first = await timed(() => stage.call('shop', { number: newContact() }));
    const second = await timed(() => stage.get('/api/instance/list'));
    const health = await timed(() => stage.get('/health'));
    expect(failureOf(first)).toEqual(UNAVAILABLE);
    expect(failureOf(second)).toEqual(UNAVAILABLE);
    expect(health).toMatchObject({ status: 503, body: { status: 'degraded' } });
    for (const { ms } of [first, second, health]) expect(ms).toBeLessThan(ANSWER_LIMIT_MS);
    expect((await stage.get('/health/live')).status).toBe(200);
    await stage.until(() => Date.now() > stoppedAt + OUTAGE_MS, 'the outage has lasted');
    for (const ms of rangMs(onTime)) {
      expect(ms).toBeGreaterThanOrEqual(2_950);
      expect(ms).toBeLessThanOrEqual(3_250);
    }
    processes.thaw();

    await untilWell();
    const ended = await stage.endedCall('shop', onTime);
    expect(ended.outcome).toBe('completed');
    expect(Math.abs(Number(ended.ringSeconds) - 3)).toBeLessThan(0.3);
    expect(await stage.endedCall('shop', declined)).toMatchObject({ outcome: 'rejected' });
    const late = await stage.endedCall('shop', lateRing);
    expect(late.outcome).toBe('completed');
    expect(late.ringingAt).not.toBeNull();
  });

  it('by dying is told as 503 until it is back, and rings end on time', async () => {
    const callId = await place(2);
    await stage.until(() => isRinging(callId), 'the phone rings');

    await processes.kill();
    const answer = await timed(() => stage.call('shop', { number: newContact(), duration: 1 }));
    expect(failureOf(answer)).toEqual(UNAVAILABLE);
    expect(answer.ms).toBeLessThan(ANSWER_LIMIT_MS);

    await untilWell();
    expect(await stage.endedCall('shop', callId)).toMatchObject({ outcome: 'completed' });
    for (const ms of rangMs(callId)) {
      expect(ms).toBeGreaterThanOrEqual(1_950);
      expect(ms).toBeLessThanOrEqual(2_250);
    }
  });

  it('by cutting connections in mid-transaction loses no call that was accepted, and rings no key twice', async () => {
    const numbers = Array.from({ length: 20 }, () => newContact());
    const call = (number: string) =>
      stage.call('shop', { number, duration: 1 }, { 'Idempotency-Key': `cut-${number}` });
    let isCutting = true;
    const cutting = (async () => {
      while (isCutting) {
        await runSql(
          postgres.url,
          `SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
           WHERE datname LIKE 'test_%' AND pid <> pg_backend_pid()`,
        );
      }
    })();
    const first = await Promise.all(numbers.map(call));
    isCutting = false;
    await cutting;

    for (const { status } of first) expect([200, 503]).toContain(status);
    await stage.until(
      async () => {
        const again = await Promise.all(numbers.map(call));
        return again.every(({ status }) => status === 200);
      },
      'every request has its answer',
      RECOVERY_LIMIT_MS,
    );
    for (const [index, number] of numbers.entries()) {
      const offers = stage.simulator.calls.filter(({ calleeNumber }) => calleeNumber === number);
      const accepted = first[index]?.status === 200;
      expect(offers.length).toBeLessThanOrEqual(1);
      if (accepted) expect(offers.map(({ callId }) => callId)).toEqual([first[index]?.body.callId]);
      for (const { callId } of offers)
        expect(await stage.endedCall('shop', callId)).toMatchObject({ state: 'ended' });
    }
    await untilWell();
  });

  it('by letting everybody wait for a lock is told as 503 soon, to those who get no connection too', async () => {
    const holder = new pg.Client({ connectionString: stage.databaseUrl });
    await holder.connect();
    await holder.query('BEGIN; LOCK TABLE instances IN ACCESS EXCLUSIVE MODE');

    const answers = await Promise.all(
      Array.from({ length: 12 }, () => timed(() => stage.get('/api/instance/list'))),
    );
    await holder.end();

    for (const answer of answers) {
      expect(failureOf(answer)).toEqual(UNAVAILABLE);
      expect(answer.ms).toBeLessThan(2 * ANSWER_LIMIT_MS);
    }
    await untilWell();
  });

  it('by taking no changes is told as 503; the ring in progress ends on time, in its row as soon as it can', async () => {
    const database = new URL(stage.databaseUrl).pathname.slice(1);
    const callId = await place(2);
    await stage.until(() => isRinging(callId), 'the phone rings');
    const reconnect = `SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE datname = '${database}'`;

    await runSql(postgres.url, `ALTER DATABASE ${database} SET default_transaction_read_only = on`);
    await runSql(postgres.url, reconnect);
    // Just after its connections were cut, the database is one that cannot be reached.
    await stage.until(async () => {
      const { status, body } = await stage.get('/health');
      return status === 503 && isDeepStrictEqual(body.checks, { db: 'fail: the database takes no changes' });
    }, 'the health tells');
    expect(failureOf(await stage.call('shop', { number: newContact() }))).toEqual(UNAVAILABLE);
    expect((await stage.get('/api/instance/list')).status).toBe(200);
    await stage.simulator.waitForCall(
      (call) => call.callId === callId && call.devices.every(({ ringStoppedAt }) => ringStoppedAt),
    );
    expect(await isRinging(callId)).toBe(true);
    await runSql(postgres.url, `ALTER DATABASE ${database} RESET default_transaction_read_only`);

    await untilWell();
    const ended = await stage.endedCall('shop', callId);
    expect(ended.outcome).toBe('completed');
    expect(Math.abs(Number(ended.ringSeconds) - 2)).toBeLessThan(0.3);
  });

  it('by having no room left is told as 503; what could not be written is written later', async () => {
    const callId = await place(1);
    await runSql(
      stage.databaseUrl,
      `CREATE FUNCTION disk_full() RETURNS trigger LANGUAGE plpgsql AS
         $$ BEGIN RAISE EXCEPTION 'could not extend file: No space left on device' USING ERRCODE = '53100'; END $$`,
    );
    await runSql(
      stage.databaseUrl,
      'CREATE TRIGGER disk_full BEFORE INSERT OR UPDATE ON calls EXECUTE FUNCTION disk_full()',
    );

    expect(failureOf(await stage.call('shop', { number: newContact() }))).toEqual(UNAVAILABLE);
    await stage.simulator.waitForCall(
      (call) => call.callId === callId && call.devices.every(({ ringStoppedAt }) => ringStoppedAt),
    );
    await runSql(stage.databaseUrl, 'DROP TRIGGER disk_full ON calls');

    const ended = await stage.endedCall('shop', callId);
    expect(ended).toMatchObject({ outcome: 'completed' });
    expect(Math.abs(Number(ended.ringSeconds) - 1)).toBeLessThan(0.3);
    await untilWell();
  });
});
