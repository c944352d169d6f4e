import { randomUUID } from 'node:crypto';
import { DataSource } from 'typeorm';
import type { DueDelivery } from '../../src/events/due-delivery.js';
import { LanesRepository } from '../../src/events/lanes.repository.js';
import { SettlementsRepository, type Settled } from '../../src/events/settlements.repository.js';
import { newEventSource } from './events-stage.js';
import { openTestDatabase } from './instances-stage.js';

const LIMITS = {
  lanes: 10,
  free: 10,
  accountShare: 1,
  lanesPerWebhook: 10,
  lanesPerFailingWebhook: 1,
  busyAccounts: {},
  busyWebhooks: {},
};

let dataSource: DataSource;
let webhookId: string;

beforeAll(async () => {
  dataSource = await openTestDatabase();
});

afterAll(() => dataSource.destroy());

beforeEach(async () => {
  webhookId = await newWebhook();
});

/** With two deliveries in one lane. */
async function newWebhook(): Promise<string> {
  const { instanceId } = await newEventSource(dataSource, `shop-${randomUUID()}`);
  const id = randomUUID();
  await dataSource.query(
    `INSERT INTO webhooks (id, instance_id, label, enabled, url, by_events, events)
     VALUES ($1, $2, 'default', true, 'https://hooks.example.com', false, '{}')`,
    [id, instanceId],
  );
  await dataSource.query(
    `INSERT INTO webhook_deliveries (event_id, webhook_id, instance_id, lane, event, body)
     SELECT gen_random_uuid(), $1, $2, 'l', 'call.update', step::text FROM generate_series(1, 2) step`,
    [id, instanceId],
  );
  await dataSource.query(`INSERT INTO webhook_lanes (webhook_id, lane) VALUES ($1, 'l')`, [id]);
  return id;
}

afterEach(() => dataSource.query('DELETE FROM webhooks WHERE id = $1', [webhookId]));

const bodies = (due: readonly DueDelivery[]) => due.map(({ body }) => body);

it('an outcome that is stored a second time, since nobody knew of the first, counts once', async () => {
  const lanes = new LanesRepository(dataSource);
  const settlements = new SettlementsRepository(dataSource, lanes, { webhookDisableAfterDays: 5 });
  const [delivery] = await lanes.claim(LIMITS);
  if (!delivery) throw new Error('nothing was due');
  const settled = { delivery, outcome: { kind: 'delivered', status: 200 }, goOn: true } as const;
  expect(bodies((await settlements.settle([settled])).next)).toEqual(['2']);
  expect(bodies((await settlements.settle([settled])).next)).toEqual(['2']);
  const [counted] = await dataSource.query<unknown[]>(
    `SELECT delivered_count::integer AS delivered, (SELECT max(attempts) FROM webhook_deliveries WHERE webhook_id = $1) AS attempts
     FROM webhooks WHERE id = $1`,
    [webhookId],
  );
  expect(counted).toEqual({ delivered: 1, attempts: 1 });
});

it('outcomes of others are stored while the webhook of one is locked, and that one is stored later', async () => {
  const lanes = new LanesRepository(dataSource);
  const settlements = new SettlementsRepository(dataSource, lanes, { webhookDisableAfterDays: 5 });
  const webhooks = (stored: Settled) => stored.settled.map(({ delivery }) => delivery.webhookId);
  const other = await newWebhook();
  const due = await lanes.claim(LIMITS);
  const settled = due.map(
    (delivery) => ({ delivery, outcome: { kind: 'delivered', status: 200 }, goOn: false }) as const,
  );
  const holder = dataSource.createQueryRunner();
  await holder.startTransaction();
  await holder.query('SELECT FROM webhooks WHERE id = $1 FOR UPDATE', [other]);
  expect(webhooks(await settlements.settle(settled))).toEqual([webhookId]);
  const delivered = () =>
    dataSource.query<{ id: string }[]>(
      `SELECT webhook_id AS id FROM webhook_deliveries WHERE status = 'delivered' AND webhook_id = ANY ($1)`,
      [[webhookId, other]],
    );
  expect(await delivered()).toEqual([{ id: webhookId }]);
  await holder.commitTransaction();
  await holder.release();
  expect(webhooks(await settlements.settle(settled)).sort()).toEqual([webhookId, other].sort());
  expect(await delivered()).toHaveLength(2);
  await dataSource.query('DELETE FROM webhooks WHERE id = $1', [other]);
  const deleted = await settlements.settle(settled);
  expect(deleted.next).toEqual([]);
  expect(webhooks(deleted).sort()).toEqual([webhookId, other].sort());
});

it('lanes that were claimed when the connection broke are read in the next round', async () => {
  const lanes = new LanesRepository(new BreakingAfterFirst(dataSource) as unknown as DataSource);
  await expect(lanes.claim(LIMITS)).rejects.toThrow('the connection broke');
  expect(bodies(await lanes.claim(LIMITS))).toEqual(['1']);
  expect(await lanes.claim(LIMITS)).toEqual([]);
});

it('lanes that another process has claimed since then are left to it', async () => {
  const lanes = new LanesRepository(new BreakingAfterFirst(dataSource) as unknown as DataSource);
  await expect(lanes.claim(LIMITS)).rejects.toThrow('the connection broke');
  await dataSource.query('UPDATE webhook_lanes SET due_at = now() WHERE webhook_id = $1', [webhookId]);
  expect(bodies(await new LanesRepository(dataSource).claim(LIMITS))).toEqual(['1']);
  expect(await lanes.claim(LIMITS)).toEqual([]);
});

/** Loses its connection after the first statement, once. */
class BreakingAfterFirst implements Pick<DataSource, 'query' | 'transaction' | 'manager'> {
  private statements = 0;

  constructor(private readonly real: DataSource) {}

  query<T>(...given: Parameters<DataSource['query']>): Promise<T> {
    this.statements += 1;
    return this.real.query<T>(...given);
  }

  get transaction(): DataSource['transaction'] {
    return this.real.transaction.bind(this.real);
  }

  get manager(): DataSource['manager'] {
    this.statements += 1;
    if (this.statements === 2) throw new Error('the connection broke');
    return this.real.manager;
  }
}
