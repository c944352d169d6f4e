import { randomUUID } from 'node:crypto';
import type { DataSource } from 'typeorm';
import type { TenantCaller } from '../../src/common/http/caller.js';
import { WebhookReceiver } from '../support/webhook-receiver.js';
import { DeliveryScene } from './delivery-scene.js';
import { callUpdate, until } from './events-stage.js';
import { newAccount, openTestDatabase } from './instances-stage.js';

const ORIGINS = 10;

/** What one account can do to the others with what it queues: everything that it has is due, and its receivers never answer. */
describe('an account whose receivers all stall', () => {
  let dataSource: DataSource;
  let scene: DeliveryScene;
  let greedy: TenantCaller;
  /** The first is also that of the other account, whose connections might be shared; the others take all places that there are. */
  let receivers: WebhookReceiver[];

  beforeAll(async () => {
    dataSource = await openTestDatabase();
  });

  beforeEach(async () => {
    scene = await DeliveryScene.on(dataSource);
    greedy = await newAccount(dataSource);
    receivers = [];
    for (let n = 0; n < ORIGINS; n += 1) {
      receivers.push(await scene.receiver(({ path }) => (path.startsWith('/stall') ? 'hang' : 200)));
    }
  });

  afterEach(async () => {
    await scene.close();
    await dataSource.query('DELETE FROM accounts WHERE id = $1', [greedy.accountId]);
  });

  afterAll(() => dataSource.destroy());

  const url = () => receivers[0]?.url ?? '';
  const received = () => receivers.flatMap((receiver) => receiver.received);
  const quiet = () => received().filter(({ path }) => path === '/hook');
  const stalled = () => received().length - quiet().length;

  async function stallingWebhooks(instances: number): Promise<void> {
    await dataSource.query(
      `WITH made AS (
         INSERT INTO instances (id, account_id, name) SELECT gen_random_uuid(), $1, 'i' || n FROM generate_series(1, $2) n
         RETURNING id
       )
       INSERT INTO webhooks (instance_id, label, enabled, url)
       SELECT id, 'w' || n, true, urls[1 + (row_number() OVER () - 1) % cardinality(urls)]
       FROM made, generate_series(1, 3) n, (SELECT $3::text[] AS urls) given`,
      [greedy.accountId, instances, receivers.map((receiver) => receiver.url.replace('/hook', '/stall'))],
    );
  }

  /** So many calls for each of its webhooks, each with one event. */
  async function queueCalls(calls: number): Promise<void> {
    const values = [greedy.accountId, calls, randomUUID()];
    await dataSource.query(
      `INSERT INTO webhook_deliveries (event_id, webhook_id, instance_id, lane, event, body)
       SELECT gen_random_uuid(), webhooks.id, instance_id, $3 || n, 'call.update', '{"data":{}}'
       FROM instances JOIN webhooks ON webhooks.instance_id = instances.id, generate_series(1, $2) n WHERE account_id = $1`,
      values,
    );
    await dataSource.query(
      `INSERT INTO webhook_lanes (webhook_id, lane, due_at) SELECT webhooks.id, $3 || n, now() - interval '1 hour'
       FROM instances JOIN webhooks ON webhooks.instance_id = instances.id, generate_series(1, $2) n WHERE account_id = $1`,
      values,
    );
  }

  /** From the moment before an event is stored until it arrives, several times. */
  async function delaysMs(process: ReturnType<DeliveryScene['start']>): Promise<number[]> {
    const delays: number[] = [];
    for (let step = 1; step <= 5; step += 1) {
      const storedMs = performance.now();
      await process.emit(callUpdate(scene.instanceId, `quiet${step}`, step));
      await until(() => quiet().length === step, 'the event of the other account arrives', 20_000);
      delays.push((quiet().at(-1)?.atMs ?? Infinity) - storedMs);
    }
    return delays;
  }

  it.each<[string, number, number]>([
    ['many lanes', 50, 30],
    ['100,000 due deliveries', 10, 3400],
    ['very many webhooks', 1500, 2],
  ])('makes no event of another account later than 2 s, with %s', async (_, instances, calls) => {
    const process = scene.start({ retrySeconds: [3600] });
    await scene.hook(process, url());
    await stallingWebhooks(instances);
    await queueCalls(calls);
    process.worker.wake();
    await until(() => stalled() >= 100, 'it has places');
    for (const delay of await delaysMs(process)) expect(delay).toBeLessThan(2000);
    expect(stalled()).toBeLessThan(300);
  });

  it('makes no event of another account later than 2 s in any of several processes', async () => {
    const processes = [scene.start({ retrySeconds: [3600] }), scene.start({ retrySeconds: [3600] })] as const;
    await scene.hook(processes[0], url());
    await stallingWebhooks(50);
    await queueCalls(30);
    processes[0].worker.wake();
    processes[1].worker.wake();
    await until(() => stalled() >= 100, 'it has places in both');
    for (const delay of await delaysMs(processes[1])) expect(delay).toBeLessThan(2000);
  });
});
