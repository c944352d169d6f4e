import type { DataSource } from 'typeorm';
import type { ReceiverAnswer } from '../support/webhook-receiver.js';
import { DeliveryScene, stepsOf } from './delivery-scene.js';
import { callUpdate, EventProcess, until } from './events-stage.js';
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

describe('a restart', () => {
  it('loses nothing that was pending, and keeps the order of a call', async () => {
    let answer: ReceiverAnswer = 'hang';
    const target = await scene.receiver(() => answer);
    const before = new EventProcess(dataSource).start();
    await scene.hook(before, target.url);
    const steps = Array.from({ length: 20 }, (_, index) => index + 1);
    await before.emit(
      ...steps.flatMap((step) => ['A', 'B'].map((call) => callUpdate(scene.instanceId, call, step))),
    );
    await until(() => target.received.length === 2, 'the first tries hang');
    await before.stop();
    expect(await scene.list(before)).toMatchObject(
      Array.from({ length: 40 }, () => ({ status: 'pending', attempts: 0 })),
    );
    answer = 200;
    const after = scene.start();
    await until(async () => (await scene.list(after, 'delivered')).length === 40, 'all are delivered');
    expect(stepsOf(target.accepted, 'A')).toEqual(steps);
    expect(stepsOf(target.accepted, 'B')).toEqual(steps);
  });

  it('hands out again what a process had claimed when it was killed, once its claim is over', async () => {
    const target = await scene.receiver();
    const killed = new EventProcess(dataSource);
    await scene.hook(killed, target.url);
    // It is not started: what it queues is claimed by nobody.
    await killed.emit(callUpdate(scene.instanceId, 'A', 1));
    expect(await scene.list(killed)).toHaveLength(1);
    const claim = `UPDATE webhook_lanes SET claimed_by = gen_random_uuid(), due_at = now() + interval '1.5 s'`;
    await dataSource.query(claim);
    scene.start();
    await new Promise((resolve) => setTimeout(resolve, 500));
    expect(target.received).toHaveLength(0);
    await until(() => target.received.length === 1, 'the claim is over');
  });

  it('lets two processes share the work without sending anything twice or out of order', async () => {
    const target = await scene.receiver();
    const [one] = [scene.start(), scene.start()];
    await scene.hook(one, target.url);
    const calls = Array.from({ length: 30 }, (_, index) => `call${index}`);
    for (const step of [1, 2, 3]) {
      await Promise.all(calls.map((callId) => one.emit(callUpdate(scene.instanceId, callId, step))));
    }
    await until(async () => (await scene.list(one, 'delivered')).length === 90, 'all are delivered');
    expect(target.received).toHaveLength(90);
    for (const callId of calls) expect(stepsOf(target.received, callId)).toEqual([1, 2, 3]);
  });
});
