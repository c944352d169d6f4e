import type { DataSource } from 'typeorm';
import { DeliveriesRepository } from '../../src/deliveries/deliveries.repository.js';
import { DeliveryRetention } from '../../src/deliveries/delivery-retention.js';
import type { Webhook } from '../../src/webhooks/store/webhook-values.js';
import { ManualClock } from '../support/manual-clock.js';
import { SilentLog } from '../support/silent-log.js';
import type { ReceiverAnswer } from '../support/webhook-receiver.js';
import { DeliveryScene } from './delivery-scene.js';
import { callUpdate, until, type EventProcess } from './events-stage.js';
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

const shown = (process: EventProcess, label = 'default'): Promise<Webhook> =>
  process.webhooks.get(scene.source.caller, scene.source.name, label);

const failingSince = (days: number) =>
  dataSource.query(
    `UPDATE webhooks SET failing_since = now() - $2::float8 * interval '1 day'
     WHERE instance_id = $1 AND failing_since IS NOT NULL`,
    [scene.instanceId, days],
  );

describe('a webhook whose receiver does nothing but fail', () => {
  it('is switched off after 5 days, what waits is given up, and the others of its instance get an event', async () => {
    const process = scene.start({ retrySeconds: [3600, 3600] });
    const [broken, good] = [await scene.receiver(() => 500), await scene.receiver()];
    await scene.hook(process, broken.url, { label: 'broken', events: ['call.update'] });
    await scene.hook(process, good.url, { label: 'good', events: ['instance.state'] });
    await process.emit(callUpdate(scene.instanceId, 'A', 1), callUpdate(scene.instanceId, 'A', 2));
    await until(async () => (await shown(process, 'broken')).counters.failedAttempts === 1, 'it failed');
    await failingSince(4.9);
    await process.emit(callUpdate(scene.instanceId, 'B', 1));
    await until(
      async () => (await shown(process, 'broken')).counters.failedAttempts === 2,
      'it failed again',
    );
    expect(await shown(process, 'broken')).toMatchObject({ enabled: true, disabledReason: null });
    await failingSince(5);
    await process.emit(callUpdate(scene.instanceId, 'C', 1));
    await until(async () => !(await shown(process, 'broken')).enabled, 'it is switched off');
    const reason = 'The receiver did nothing but fail for 5 days';
    const { disabledAt, ...webhook } = await shown(process, 'broken');
    expect(webhook).toMatchObject({ url: new URL(broken.url).origin + '/***', disabledReason: reason });
    expect(Date.now() - (disabledAt?.getTime() ?? 0)).toBeLessThan(10_000);
    await until(async () => (await scene.list(process, 'dead')).length === 4, 'nothing waits any more');
    expect((await scene.list(process, 'dead')).map(({ error }) => error)).toEqual(
      new Array<string>(4).fill('webhook_disabled'),
    );
    await until(() => good.received.length === 1, 'the other webhook has the event');
    expect(JSON.parse(good.received[0]?.body ?? '')).toMatchObject({
      event: 'instance.state',
      data: { state: 'webhook_disabled', label: 'broken', reason, timestamp: disabledAt?.toISOString() },
    });
    const lines = process.log.lines.filter(({ sentence }) => sentence === 'A webhook was switched off');
    expect(lines).toMatchObject([{ level: 'warn', details: { label: 'broken', instance: 'shop', reason } }]);
  });

  it('works again once its owner enables it, and its days start again', async () => {
    let answer: ReceiverAnswer = 500;
    const process = scene.start({ retrySeconds: [] });
    const target = await scene.receiver(() => answer);
    await scene.hook(process, target.url);
    await process.emit(callUpdate(scene.instanceId, 'A', 1));
    await until(async () => (await shown(process)).counters.failedAttempts === 1, 'it failed');
    await failingSince(6);
    await process.emit(callUpdate(scene.instanceId, 'A', 2));
    await until(async () => !(await shown(process)).enabled, 'it is switched off');
    await process.webhooks.change(scene.source.caller, scene.source.name, {
      label: 'default',
      enabled: true,
    });
    expect(await shown(process)).toMatchObject({ enabled: true, disabledReason: null, disabledAt: null });
    await process.emit(callUpdate(scene.instanceId, 'A', 3));
    await until(async () => (await shown(process)).counters.failedAttempts === 3, 'it failed once more');
    expect(await shown(process)).toMatchObject({ enabled: true });
    answer = 200;
    await process.emit(callUpdate(scene.instanceId, 'A', 4));
    await until(async () => (await shown(process)).counters.delivered === 1, 'it works');
  });

  it('is never switched off when it succeeds in between, or when the operator does not want it', async () => {
    let answer: ReceiverAnswer = 500;
    const process = scene.start({ retrySeconds: [] });
    const target = await scene.receiver(() => answer);
    await scene.hook(process, target.url);
    const emit = (step: number) => process.emit(callUpdate(scene.instanceId, 'A', step));
    const failures = async () => (await shown(process)).counters.failedAttempts;
    await emit(1);
    await until(async () => (await failures()) === 1, 'it failed');
    await failingSince(6);
    answer = 200;
    await emit(2);
    await until(async () => (await shown(process)).counters.delivered === 1, 'it succeeded');
    answer = 500;
    await emit(3);
    await until(async () => (await failures()) === 2, 'it failed again');
    expect(await shown(process)).toMatchObject({ enabled: true });
    await process.stop();
    const never = scene.start({ retrySeconds: [], disableAfterDays: 0 });
    await failingSince(400);
    await never.emit(callUpdate(scene.instanceId, 'A', 4));
    await until(async () => (await failures()) === 3, 'it failed in the other process');
    expect(await shown(process)).toMatchObject({ enabled: true });
  });
});

describe('what is pending', () => {
  it('is given up after 30 days, counted from a replay if there was one, and that is a line in the log', async () => {
    const process = scene.start({ retrySeconds: [3600] });
    const target = await scene.receiver(() => 500);
    await scene.hook(process, target.url);
    for (const call of ['old', 'young', 'replayed'])
      await process.emit(callUpdate(scene.instanceId, call, 1));
    await until(async () => (await shown(process)).counters.failedAttempts === 3, 'all were tried');
    const age = (call: string, days: number) =>
      dataSource.query(
        `UPDATE webhook_deliveries SET created_at = now() - $2::float8 * interval '1 day',
           queued_at = now() - $2::float8 * interval '1 day' WHERE lane = $1`,
        [`call:${call}`, days],
      );
    await age('old', 30.1);
    await age('young', 29.9);
    await age('replayed', 40);
    const deliveries = await scene.list(process);
    const replayed = deliveries.find(({ callId }) => callId === 'replayed');
    await process.deliveries.replay(scene.source.caller, scene.source.name, replayed?.id ?? '');
    await until(async () => (await shown(process)).counters.failedAttempts === 4, 'it was tried again');
    await process.stop();
    const log = new SilentLog();
    const retention = new DeliveryRetention(new DeliveriesRepository(dataSource), new ManualClock(), log);
    await retention.onApplicationBootstrap();
    await until(async () => (await scene.list(process, 'dead')).length === 1, 'one is given up');
    await retention.beforeApplicationShutdown();
    expect(await scene.list(process, 'dead')).toMatchObject([
      { callId: 'old', error: 'expired: it was pending for 30 days', nextAttemptAt: null },
    ]);
    expect(await scene.list(process, 'pending')).toHaveLength(2);
    expect((await shown(process)).counters.dead).toBe(1);
    expect(log.lines).toMatchObject([
      {
        level: 'warn',
        sentence: 'Pending deliveries of a webhook were given up',
        details: { instance: 'shop', label: 'default', deliveries: 1, days: 30 },
      },
    ]);
  });
});

describe('the list of deliveries', () => {
  it('shows the event, its call and its state, and finds the deliveries of one event', async () => {
    const process = scene.start();
    const [one, two] = [await scene.receiver(), await scene.receiver()];
    await scene.hook(process, one.url, { label: 'one' });
    await scene.hook(process, two.url, { label: 'two' });
    const at = new Date();
    const state = { type: 'instance.state', lane: 'instance', at, data: { state: 'connected' } } as const;
    await process.emit(callUpdate(scene.instanceId, 'A', 1), { instanceId: scene.instanceId, ...state });
    await until(async () => (await scene.list(process, 'delivered')).length === 4, 'all is delivered');
    const received = one.received.find(({ body }) => body.includes('call.update'));
    const eventId = String(received?.headers['webhook-id']);
    const find = (id: string) =>
      process.deliveries.list(scene.source.caller, scene.source.name, { eventId: id, limit: 50 });
    expect((await find(eventId)).map(({ label }) => label).sort()).toEqual(['one', 'two']);
    for (const delivery of await find(eventId))
      expect(delivery).toMatchObject({ eventId, event: 'call.update', callId: 'A', state: 'ringing' });
    const [first] = await find(eventId);
    const replayed = await process.deliveries.replay(scene.source.caller, scene.source.name, first?.id ?? '');
    expect(replayed).toMatchObject({ eventId, callId: 'A', state: 'ringing' });
    const others = (await scene.list(process)).filter((delivery) => delivery.eventId !== eventId);
    expect(others).toHaveLength(2);
    for (const delivery of others)
      expect(delivery).toMatchObject({ event: 'instance.state', callId: null, state: 'connected' });
    expect(await find('2c2a6f0e-0000-4000-8000-000000000000')).toEqual([]);
    const stranger = await DeliveryScene.on(dataSource);
    const elsewhere = { eventId, limit: 50 };
    expect(await process.deliveries.list(stranger.source.caller, stranger.source.name, elsewhere)).toEqual(
      [],
    );
    await stranger.close();
  });
});

describe('a webhook that is changed while a delivery is under way', () => {
  it.each([
    { answer: 'leave me alone for an hour', status: 503, retryAfter: '3600' },
    { answer: 'gone', status: 410, retryAfter: '' },
  ])('is not charged with what the earlier receiver answers: $answer', async ({ status, retryAfter }) => {
    const process = scene.start({ retrySeconds: [3600] });
    const headers = { 'retry-after': retryAfter };
    const before = await scene.receiver(() => ({ status, headers, afterMs: 2000 }));
    const after = await scene.receiver();
    await scene.hook(process, before.url);
    await process.emit(callUpdate(scene.instanceId, 'A', 1));
    await until(() => before.received.length === 1, 'it is under way');
    await scene.hook(process, after.url);
    await until(() => after.received.length === 1, 'the event goes to the new address');
    expect(await shown(process)).toMatchObject({ counters: { failedAttempts: 0 } });
    await process.emit(callUpdate(scene.instanceId, 'B', 1));
    await until(() => after.received.length === 2, 'so does the next one');
    expect(await shown(process)).toMatchObject({ enabled: true, disabledReason: null });
  });
});
