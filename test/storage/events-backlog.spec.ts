import type { DataSource } from 'typeorm';
import { DeliveryScene } from './delivery-scene.js';
import { callUpdate, until } from './events-stage.js';
import { openTestDatabase } from './instances-stage.js';

const WAITING_CALLS = 20_000;

let dataSource: DataSource;
let scene: DeliveryScene;

beforeAll(async () => {
  dataSource = await openTestDatabase();
  scene = await DeliveryScene.on(dataSource);
});

afterAll(async () => {
  await scene.close();
  await dataSource.destroy();
});

/** What a receiver that has been down for long leaves behind: many calls, all of them due. */
async function leaveWaiting(label: string): Promise<void> {
  await dataSource.query(
    `INSERT INTO webhook_deliveries (event_id, webhook_id, instance_id, lane, event, body)
     SELECT gen_random_uuid(), id, instance_id, 'call:old' || n, 'call.update', '{"data":{}}'
     FROM webhooks, generate_series(1, $2::integer) n WHERE label = $1`,
    [label, WAITING_CALLS],
  );
  await dataSource.query(
    `INSERT INTO webhook_lanes (webhook_id, lane, due_at)
     SELECT webhook_id, lane, now() - interval '1 hour' FROM webhook_deliveries`,
  );
}

describe('a receiver that has been down for long', () => {
  it('does not delay the others, however much waits for it', async () => {
    const process = scene.start({ retrySeconds: [3600] });
    const [down, good] = [await scene.receiver(() => 'hang'), await scene.receiver()];
    await scene.hook(process, down.url, { label: 'down' });
    await scene.hook(process, good.url, { label: 'good' });
    await leaveWaiting('down');
    await until(() => down.received.length === 16, 'it takes as many places as a webhook has');
    const storedMs = performance.now();
    await process.emit(callUpdate(scene.instanceId, 'new', 1));
    await until(() => good.received.length === 1, 'the other one gets its event');
    expect((good.received[0]?.atMs ?? 0) - storedMs).toBeLessThan(1000);
    expect(down.received).toHaveLength(16);
  });
});
