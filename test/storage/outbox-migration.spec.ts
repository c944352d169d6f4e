import { randomUUID } from 'node:crypto';
import { DataSource } from 'typeorm';
import { dataSourceOptions, type PostgresOptions } from '../../src/database/data-source-options.js';
import * as migrations from '../../src/database/migrations/index.js';
import { NoOutbox1765800000000 } from '../../src/database/migrations/1765800000000-no-outbox.js';
import { createDatabase } from '../support/postgres.js';
import { SilentLog } from '../support/silent-log.js';
import { BASE_URL } from '../support/test-ownership.js';
import { bodiesOf, lanesOf, LIMITS, openTransaction, untilBlocked } from './lanes-stage.js';

const timeOf = ({ name }: { readonly name: string }) => Number(/\d+$/.exec(name)?.[0]);
const EARLIER = Object.values(migrations).filter((one) => timeOf(one) < timeOf(NoOutbox1765800000000));
const INSERT = 'INSERT INTO event_outbox (instance_id, type, lane, happened_at, data)';
const AT = new Date('2026-01-01T00:00:00.120Z');

interface Queued {
  readonly label: string;
  readonly lane: string;
  readonly event: string;
  readonly body: string;
}

interface Envelope {
  readonly id: string;
  readonly data: Readonly<Record<string, unknown>>;
}

/** A database as an earlier release left it, with an instance and its webhooks. */
describe('the end of the outbox', () => {
  let options: PostgresOptions;
  let dataSource: DataSource;
  let accountId: string;
  let instanceId: string;
  const opened: DataSource[] = [];

  const open = async (more: Partial<PostgresOptions>): Promise<DataSource> => {
    const made = await new DataSource({ ...options, ...more, logging: false }).initialize();
    opened.push(made);
    return made;
  };

  beforeEach(async () => {
    const url = await createDatabase(process.env['TEST_DATABASE_URL'] ?? '');
    options = dataSourceOptions({ url, poolSize: 4, log: new SilentLog() });
    await (await open({ migrations: EARLIER })).runMigrations();
    dataSource = await open({ migrations: [...EARLIER, NoOutbox1765800000000] });
    accountId = randomUUID();
    instanceId = await newInstance('shop');
    await dataSource.query(
      `INSERT INTO webhooks (instance_id, label, enabled, url, events) VALUES
         ($1, 'all', true, 'https://hooks.example.com', '{}'),
         ($1, 'states', true, 'https://hooks.example.com', '{instance.state}'),
         ($1, 'disabled', false, 'https://hooks.example.com', '{}'),
         ($1, 'no address', true, NULL, '{}')`,
      [instanceId],
    );
  });

  afterEach(async () => {
    for (const one of opened.splice(0)) await one.destroy();
  });

  const migrate = () => dataSource.runMigrations();

  async function newInstance(name: string): Promise<string> {
    await dataSource.query(`INSERT INTO accounts (id, name) VALUES ($1, 'acme') ON CONFLICT DO NOTHING`, [
      accountId,
    ]);
    const id = randomUUID();
    await dataSource.query('INSERT INTO instances (id, account_id, name) VALUES ($1, $2, $3)', [
      id,
      accountId,
      name,
    ]);
    return id;
  }

  /** As earlier releases store an event in the transaction of a change. */
  const store = (
    type: string,
    lane: string,
    data: Readonly<Record<string, unknown>>,
    { of = instanceId, by = dataSource }: { of?: string; by?: Pick<DataSource, 'query'> } = {},
  ) => by.query(`${INSERT} VALUES ($1, $2, $3, $4, $5)`, [of, type, lane, AT, JSON.stringify(data)]);

  const queued = (of = instanceId) =>
    dataSource.query<Queued[]>(
      `SELECT webhooks.label, lane, event, body FROM webhook_deliveries JOIN webhooks ON webhooks.id = webhook_id
       WHERE webhook_deliveries.instance_id = $1 AND status = 'pending' ORDER BY position`,
      [of],
    );
  const envelopeOf = ({ body }: Queued) => JSON.parse(body) as Envelope;
  const stepsOf = (deliveries: readonly Queued[], wanted: string) =>
    deliveries.filter(({ label }) => label === wanted).map((one) => envelopeOf(one).data['step']);

  /** An earlier event was delivered, so that it is known where the product is reached. */
  const deliverOne = () =>
    dataSource.query(
      `INSERT INTO webhook_deliveries (event_id, webhook_id, instance_id, lane, event, body, status, settled_at)
       SELECT gen_random_uuid(), id, instance_id, 'instance', 'instance.state', $1, 'delivered', now()
       FROM webhooks WHERE label = 'all'`,
      [JSON.stringify({ data: {}, instanceData: { baseUrl: BASE_URL, instance: 'shop' } })],
    );

  it('makes deliveries of what waits, in order, for the webhooks that are enabled and want it', async () => {
    await deliverOne();
    const unheard = await newInstance('unheard');
    for (const step of [1, 2, 3]) {
      await store('call.update', 'call:A', { step, state: 'ringing', a: null });
      await store('instance.state', 'instance', { step });
      await store('call.update', 'call:B', { step });
      await store('call.update', 'call:C', { step }, { of: unheard });
    }
    const stored = await dataSource.query<{ id: string }[]>(
      'SELECT event_id AS id FROM event_outbox WHERE instance_id = $1 ORDER BY event_outbox.id',
      [instanceId],
    );
    await migrate();
    const deliveries = await queued();
    const ofAll = deliveries.filter(({ label }) => label === 'all');
    expect(ofAll.map((one) => envelopeOf(one).id)).toEqual(stored.map(({ id }) => id));
    expect(stepsOf(deliveries, 'all')).toEqual([1, 1, 1, 2, 2, 2, 3, 3, 3]);
    expect(stepsOf(deliveries, 'states')).toEqual([1, 2, 3]);
    expect(deliveries).toHaveLength(12);
    expect(await queued(unheard)).toEqual([]);
    const [first] = ofAll;
    expect(first).toMatchObject({ lane: 'call:A', event: 'call.update' });
    const envelope = {
      id: stored[0]?.id,
      event: 'call.update',
      timestamp: AT.toISOString(),
      data: { step: 1, state: 'ringing', a: null },
      instanceData: { baseUrl: BASE_URL, instance: 'shop' },
    };
    // The order of the fields is the one in which receivers have always seen them.
    expect(JSON.stringify(JSON.parse(first?.body ?? ''))).toBe(JSON.stringify(envelope));
    const due = await lanesOf(dataSource).claim(LIMITS);
    expect(due.map(({ label, lane }) => `${label} ${lane}`).sort()).toEqual([
      'all call:A',
      'all call:B',
      'all instance',
      'states instance',
    ]);
    for (const one of due) expect(envelopeOf({ ...one, label: '' }).data['step']).toBe(1);
    expect(new Set(due.map((one) => one.accountId))).toEqual(new Set([accountId]));
  });

  it('makes a delivery of what a process of an earlier release stores afterwards', async () => {
    await deliverOne();
    await migrate();
    await store('call.update', 'call:A', { step: 1, state: 'ringing' });
    await store('instance.state', 'instance', { step: 2 });
    const deliveries = await queued();
    expect(stepsOf(deliveries, 'all')).toEqual([1, 2]);
    expect(stepsOf(deliveries, 'states')).toEqual([2]);
    expect(deliveries).toHaveLength(3);
    expect(deliveries.map(envelopeOf)[0]).toEqual({
      id: expect.stringMatching(/^[0-9a-f-]{36}$/) as unknown,
      event: 'call.update',
      timestamp: AT.toISOString(),
      data: { step: 1, state: 'ringing' },
      instanceData: { baseUrl: BASE_URL, instance: 'shop' },
    });
    const ids = deliveries.map((one) => envelopeOf(one).id);
    expect(new Set(ids).size).toBe(2);
    expect(bodiesOf(await lanesOf(dataSource).claim(LIMITS))).toHaveLength(3);
  });

  it('makes one of what such a process stores in the statement of a change, or not at all', async () => {
    await migrate();
    const change = (from: string, step: number) =>
      dataSource.query<{ hasChanged: true | null }[]>(
        `WITH changed AS (UPDATE instances SET status = 'connected' WHERE id = $1 AND status = $2 RETURNING id),
         reported AS (${INSERT} SELECT $3::uuid, $4::text, $5::text, $6::timestamptz, $7::json FROM changed)
         SELECT done.* FROM (SELECT true) AS held LEFT JOIN (SELECT true AS "hasChanged" FROM changed) AS done ON true`,
        [instanceId, from, instanceId, 'instance.state', 'instance', AT, JSON.stringify({ step })],
      );
    expect(await change('disconnected', 1)).toEqual([{ hasChanged: true }]);
    expect(await change('disconnected', 2)).toEqual([{ hasChanged: null }]);
    expect(stepsOf(await queued(), 'all')).toEqual([1]);
    const failing = dataSource.transaction(async (manager) => {
      await store('instance.state', 'instance', { step: 3 }, { by: manager });
      throw new Error('the change failed');
    });
    await expect(failing).rejects.toThrow('the change failed');
    expect(stepsOf(await queued(), 'all')).toEqual([1]);
  });

  it('leaves nothing that such a process could hand out a second time', async () => {
    await store('call.update', 'call:A', { step: 1 });
    await migrate();
    await store('call.update', 'call:A', { step: 2 });
    expect(
      await dataSource.query('SELECT instance_id FROM event_outbox ORDER BY instance_id LIMIT 1'),
    ).toEqual([]);
    expect(await dataSource.query('SELECT count(*)::int FROM event_outbox')).toEqual([{ count: 0 }]);
  });

  it('takes an event that a process of an earlier release stores while it happens', async () => {
    await store('call.update', 'call:A', { step: 1 });
    const migrating = dataSource.createQueryRunner();
    await migrating.startTransaction();
    await new NoOutbox1765800000000().up(migrating);
    const storing = store('call.update', 'call:A', { step: 2 });
    await untilBlocked(dataSource);
    await migrating.commitTransaction();
    await migrating.release();
    await storing;
    expect(stepsOf(await queued(), 'all')).toEqual([1, 2]);
  });

  it('takes an event whose change had begun before it', async () => {
    await store('call.update', 'call:A', { step: 1 });
    const changing = await openTransaction(dataSource);
    await changing.query(`UPDATE instances SET status = 'connected' WHERE id = $1`, [instanceId]);
    const migrating = migrate();
    const isOver = migrating.then(
      () => true,
      () => true,
    );
    const wait = new Promise((resolve) => setTimeout(resolve, 500));
    await Promise.race([isOver, wait]);
    const outcomes = await Promise.allSettled([
      store('instance.state', 'instance', { step: 2 }, { by: changing }).then(() => changing.commit()),
      migrating,
    ]);
    expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled']);
    expect(stepsOf(await queued(), 'all')).toEqual([1, 2]);
  });

  it('takes no longer because many deliveries are kept', async () => {
    await dataSource.query(
      `INSERT INTO webhook_deliveries (event_id, webhook_id, instance_id, lane, event, body, status, settled_at)
       SELECT gen_random_uuid(), id, instance_id, 'call:' || n, 'call.update', '{"data":{}}', 'delivered', now()
       FROM webhooks, generate_series(1, 30000) n WHERE label = 'all'`,
    );
    await dataSource.query(
      `${INSERT} SELECT $1, 'call.update', 'call:A', $2, '{}' FROM generate_series(1, 200)`,
      [instanceId, AT],
    );
    const startedMs = performance.now();
    await migrate();
    expect(performance.now() - startedMs).toBeLessThan(2000);
    expect(await queued()).toHaveLength(200);
  });

  it('can be reverted, and made again', async () => {
    await migrate();
    await store('call.update', 'call:A', { step: 1 });
    await dataSource.undoLastMigration();
    await store('call.update', 'call:A', { step: 2 });
    await store('call.update', 'call:A', { step: 3 });
    const rows = await dataSource.query<{ step: number }[]>(
      `SELECT (data ->> 'step')::integer AS step FROM event_outbox WHERE event_id IS NOT NULL ORDER BY id`,
    );
    expect(rows).toEqual([{ step: 2 }, { step: 3 }]);
    expect(stepsOf(await queued(), 'all')).toEqual([1]);
    await migrate();
    expect(stepsOf(await queued(), 'all')).toEqual([1, 2, 3]);
    await dataSource.undoLastMigration();
    await store('call.update', 'call:A', { step: 4 });
    await dataSource.query('DELETE FROM instances WHERE id = $1', [instanceId]);
    expect(await dataSource.query('SELECT FROM event_outbox')).toEqual([]);
  });
});
