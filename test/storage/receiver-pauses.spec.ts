import type { DataSource } from 'typeorm';
import type { ReceiverAnswer } from '../support/webhook-receiver.js';
import { DeliveryScene, stepsOf } from './delivery-scene.js';
import { callUpdate, until } from './events-stage.js';
import { openTestDatabase } from './instances-stage.js';

let dataSource: DataSource;
let scene: DeliveryScene;

beforeAll(async () => {
  dataSource = await openTestDatabase();
});

beforeEach(async () => {
  scene = await DeliveryScene.on(dataSource);
});

afterEach(() => scene.close());

afterAll(() => dataSource.destroy());

const wait = (status: number, retryAfter: string): ReceiverAnswer => ({
  status,
  headers: { 'retry-after': retryAfter },
});

describe('a receiver that answers with Retry-After', () => {
  it.each([
    [429, '2', 2000],
    [503, '2', 2000],
    [429, 'date', 2000],
  ])(
    '%i is left alone for as long, in order for each call, and other webhooks are not',
    async (status, header, leastMs) => {
      const process = scene.start({ retrySeconds: [0, 0] });
      let isFull = true;
      const full = await scene.receiver(() => {
        if (!isFull) return 200;
        isFull = false;
        // A date has whole seconds: three from now are two at least.
        return wait(status, header === 'date' ? new Date(Date.now() + 3000).toUTCString() : header);
      });
      const good = await scene.receiver();
      await scene.hook(process, full.url, { label: 'full' });
      await scene.hook(process, good.url, { label: 'good' });
      await process.emit(callUpdate(scene.instanceId, 'A', 1), callUpdate(scene.instanceId, 'A', 2));
      await until(() => full.received.length === 1, 'the first try');
      const askedMs = full.received[0]?.atMs ?? 0;
      await until(async () => {
        const pending = await scene.list(process, 'pending');
        return pending.some(({ attempts }) => attempts === 1);
      }, 'its answer is stored');
      const [first] = (await scene.list(process, 'pending')).filter(({ attempts }) => attempts === 1);
      expect((first?.nextAttemptAt?.getTime() ?? 0) - Date.now()).toBeGreaterThan(1000);
      await process.emit(callUpdate(scene.instanceId, 'B', 1));
      await until(() => good.received.length === 3, 'the other webhook has everything');
      expect((good.received[2]?.atMs ?? Infinity) - askedMs).toBeLessThan(1500);
      await until(() => full.received.length === 4, 'everything came in the end');
      for (const { atMs } of full.received.slice(1)) expect(atMs - askedMs).toBeGreaterThanOrEqual(leastMs);
      expect(stepsOf(full.received, 'A')).toEqual([1, 1, 2]);
    },
  );

  it('waits no longer once its owner changes the webhook', async () => {
    const process = scene.start({ retrySeconds: [0] });
    const [full, repaired] = [await scene.receiver(() => wait(503, '3600')), await scene.receiver()];
    await scene.hook(process, full.url);
    await process.emit(callUpdate(scene.instanceId, 'A', 1));
    await until(async () => (await scene.list(process))[0]?.attempts === 1, 'the answer is stored');
    const [delivery] = await scene.list(process);
    const waitMs = (delivery?.nextAttemptAt?.getTime() ?? 0) - Date.now();
    expect(waitMs).toBeGreaterThan(3_590_000);
    expect(waitMs).toBeLessThanOrEqual(3_600_000);
    await scene.hook(process, repaired.url);
    await until(() => repaired.received.length === 1, 'it came to the new address');
  });
});
