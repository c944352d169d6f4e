import type { DataSource } from 'typeorm';
import { SETTLE } from '../../src/deliveries/lane-statements.js';
import { BASE_URL } from '../support/test-ownership.js';
import type { ReceiverAnswer } from '../support/webhook-receiver.js';
import { DeliveryScene, stepsOf, withAnswers } from './delivery-scene.js';
import { callUpdate, newEventSource, until } from './events-stage.js';
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

describe('a webhook', () => {
  it('gets the event in its envelope, and the delivery is remembered', async () => {
    const process = scene.start();
    const target = await scene.receiver();
    await scene.hook(process, target.url);
    const event = callUpdate(scene.instanceId, 'A', 1);
    await process.emit(event);
    await until(() => target.received.length === 1, 'the delivery');
    const envelope = JSON.parse(target.received[0]?.body ?? '') as Record<string, unknown>;
    expect(envelope).toEqual({
      id: expect.stringMatching(/^[0-9a-f-]{36}$/) as unknown,
      event: 'call.update',
      timestamp: event.at.toISOString(),
      data: event.data,
      instanceData: { baseUrl: BASE_URL, instance: 'shop' },
    });
    await until(async () => (await scene.list(process, 'delivered')).length === 1, 'it is remembered');
    expect(await scene.list(process)).toMatchObject([
      {
        event: 'call.update',
        label: 'default',
        attempts: 1,
        responseStatus: 200,
        error: null,
        nextAttemptAt: null,
      },
    ]);
    expect(await dataSource.query('SELECT FROM webhook_lanes')).toEqual([]);
  });

  it('gets only the events that it asked for, and nothing while it is switched off', async () => {
    const process = scene.start();
    const [all, some, off] = [await scene.receiver(), await scene.receiver(), await scene.receiver()];
    await scene.hook(process, all.url, { label: 'all' });
    await scene.hook(process, some.url, { label: 'some', events: ['instance.state'] });
    await scene.hook(process, off.url, { label: 'off' });
    await process.webhooks.change(scene.source.caller, scene.source.name, { label: 'off', enabled: false });
    const state = {
      ...callUpdate(scene.instanceId, 'A', 2),
      type: 'instance.state',
      lane: 'instance',
    } as const;
    await process.emit(callUpdate(scene.instanceId, 'A', 1), state);
    await until(async () => (await scene.list(process, 'delivered')).length === 3, 'three deliveries');
    expect(all.received).toHaveLength(2);
    expect(stepsOf(some.received, 'A')).toEqual([2]);
    expect(off.received).toHaveLength(0);
  });

  it('gets the events of a call in their order, with failures in between, and other calls meanwhile', async () => {
    const process = scene.start({ retrySeconds: [0.3, 0.3] });
    const failures = new Map([['{"A":2}', 2]]);
    const target = await scene.receiver(({ body }) => {
      const { callId, step } = (JSON.parse(body) as { data: { callId: string; step: number } }).data;
      const key = JSON.stringify({ [callId]: step });
      const left = failures.get(key) ?? 0;
      failures.set(key, left - 1);
      return left > 0 ? 503 : 200;
    });
    await scene.hook(process, target.url);
    await process.emit(...[1, 2, 3].map((step) => callUpdate(scene.instanceId, 'A', step)));
    await until(() => target.received.length === 2, 'the failing step was tried');
    await process.emit(callUpdate(scene.instanceId, 'B', 1), callUpdate(scene.instanceId, 'A', 4));
    await until(() => target.accepted.length === 5, 'everything arrived');
    expect(stepsOf(target.received, 'A')).toEqual([1, 2, 2, 2, 3, 4]);
    const lastOfB = target.received.findIndex(({ body }) => stepsOf([{ body }], 'B').length > 0);
    expect(lastOfB).toBeLessThan(target.received.length - 2);
    expect(new Set(target.accepted.map(({ body }) => body)).size).toBe(5);
    // The receiver has its answer before the result is stored.
    await until(async () => (await scene.list(process, 'delivered')).length === 5, 'everything is stored');
    const [webhook] = (await process.webhooks.list(scene.source.caller, scene.source.name)).rows;
    expect(webhook?.counters).toMatchObject({ delivered: 5, dead: 0, failedAttempts: 2 });
  });

  it('gets an event at once that is stored while the outcome of the one before is on its way', async () => {
    let isHeld = true;
    const process = scene.start(
      {},
      withAnswers(dataSource, SETTLE, () => until(() => !isHeld, 'go on')),
    );
    const target = await scene.receiver();
    await scene.hook(process, target.url);
    await process.emit(callUpdate(scene.instanceId, 'A', 1));
    await until(async () => (await scene.list(process, 'delivered')).length === 1, 'the outcome is stored');
    await process.emit(callUpdate(scene.instanceId, 'A', 2));
    isHeld = false;
    await until(() => target.received.length === 2, 'the next event', 500);
  });

  it.each<[string, ReceiverAnswer]>([
    ['hangs', 'hang'],
    ['cuts every connection', 'reset'],
    ['answers 500', 500],
  ])('that %s does not delay the others', async (_, answer) => {
    const process = scene.start({ retrySeconds: [3600], sendTimeoutMs: 3000 });
    const [broken, good] = [await scene.receiver(() => answer), await scene.receiver()];
    await scene.hook(process, broken.url, { label: 'broken' });
    await scene.hook(process, good.url, { label: 'good' });
    const startedMs = performance.now();
    for (let call = 0; call < 40; call += 1)
      await process.emit(callUpdate(scene.instanceId, `call${call}`, 1));
    await until(() => good.received.length === 40, 'the others have theirs');
    expect(performance.now() - startedMs).toBeLessThan(2500);
    expect(broken.received.length).toBeLessThanOrEqual(40);
  });

  it('is tried as often as the schedule says, at its times, and then the delivery is dead and kept', async () => {
    const process = scene.start({ retrySeconds: [0, 1, 2] });
    const target = await scene.receiver(() => 302);
    await scene.hook(process, target.url);
    await process.emit(callUpdate(scene.instanceId, 'A', 1), callUpdate(scene.instanceId, 'A', 2));
    await until(async () => (await scene.list(process, 'dead')).length === 1, 'it is dead', 15_000);
    const times = target.received.slice(0, 4).map(({ atMs }) => atMs);
    const waits = times.slice(1).map((atMs, index) => Math.round(atMs - (times[index] ?? 0)) / 1000);
    // The schedule's delay with its jitter, and up to a second until the retry is looked for.
    expect(waits[0]).toBeLessThan(0.5);
    expect(waits[1]).toBeGreaterThanOrEqual(0.9);
    expect(waits[1]).toBeLessThan(2.5);
    expect(waits[2]).toBeGreaterThanOrEqual(1.8);
    expect(waits[2]).toBeLessThan(3.6);
    expect(await scene.list(process, 'dead')).toMatchObject([
      { attempts: 4, responseStatus: 302, error: 'HTTP 302' },
    ]);
    await until(() => stepsOf(target.received, 'A').includes(2), 'the next event of the call had its turn');
    expect(new Set(target.received.slice(0, 4).map(({ body }) => body)).size).toBe(1);
  });

  it('that is gone (410) is disabled, and what waited for it is given up', async () => {
    const process = scene.start();
    const target = await scene.receiver(() => 410);
    await scene.hook(process, target.url);
    await process.emit(...[1, 2, 3].map((step) => callUpdate(scene.instanceId, 'A', step)));
    await until(async () => (await scene.list(process, 'dead')).length === 3, 'all are given up');
    expect(target.received).toHaveLength(1);
    const webhook = await process.webhooks.get(scene.source.caller, scene.source.name, 'default');
    expect(webhook).toMatchObject({
      enabled: false,
      url: `${new URL(target.url).origin}/***`,
      disabledReason: 'The receiver answered 410 Gone',
      counters: { delivered: 0, dead: 3, failedAttempts: 1 },
    });
    expect((await scene.list(process)).map(({ error }) => error)).toEqual([
      'webhook_disabled',
      'webhook_disabled',
      'HTTP 410',
    ]);
  });

  it('that is switched off by its receiver, and what is given up for it, are one line each in the log', async () => {
    const process = scene.start({ retrySeconds: [] });
    const [gone, broken] = [await scene.receiver(() => 410), await scene.receiver(() => 500)];
    await scene.hook(process, `${gone.url}?token=hidden`, { label: 'gone', authorization: 'hidden' });
    // That the other one is switched off is no event for it.
    const events = ['call.update'];
    await scene.hook(process, `${broken.url}?token=hidden`, { label: 'broken', events });
    // Side by side, so that several get the answer that it is gone.
    const calls = Array.from({ length: 8 }, (_, call) => callUpdate(scene.instanceId, `call${call}`, 1));
    await process.emit(...calls);
    await until(async () => (await scene.list(process, 'dead')).length === 16, 'all are given up');
    const { accountId } = scene.source.caller;
    const common = {
      instanceId: scene.instanceId,
      accountId,
      instance: 'shop',
      webhookId: expect.any(String) as unknown,
    };
    const linesOf = (label: string) =>
      process.log.lines.filter(
        ({ details }) => details.instanceId === scene.instanceId && details.label === label,
      );
    const switchedOff = () =>
      linesOf('gone').filter(({ sentence }) => sentence === 'A webhook was switched off');
    await until(() => switchedOff().length > 0, 'it is in the log');
    expect(switchedOff()).toEqual([
      {
        level: 'warn',
        sentence: 'A webhook was switched off',
        details: { ...common, label: 'gone', reason: 'The receiver answered 410 Gone' },
      },
    ]);
    expect(linesOf('broken')).toEqual([
      {
        level: 'warn',
        sentence: 'A delivery of a webhook was given up',
        details: {
          ...common,
          label: 'broken',
          event: 'call.update',
          attempts: 1,
          status: 500,
          error: 'HTTP 500',
        },
      },
    ]);
    expect(JSON.stringify(process.log.lines)).not.toContain('hidden');
  });

  it('that its owner switches off gets nothing more, and what waited is given up at once', async () => {
    const process = scene.start({ retrySeconds: [3600] });
    const target = await scene.receiver(() => 500);
    await scene.hook(process, target.url);
    await process.emit(callUpdate(scene.instanceId, 'A', 1));
    await until(() => target.received.length === 1, 'the first try');
    await until(async () => (await scene.list(process))[0]?.attempts === 1, 'its failure is stored');
    await process.webhooks.change(scene.source.caller, scene.source.name, {
      label: 'default',
      enabled: false,
    });
    await until(async () => (await scene.list(process, 'dead')).length === 1, 'it is given up');
    expect(target.received).toHaveLength(1);
  });

  it('does not get to an address that is not public, unless the operator allows it', async () => {
    const process = scene.start({ allowPrivate: false, retrySeconds: [] });
    const target = await scene.receiver();
    await scene.hook(process, target.url);
    await process.emit(callUpdate(scene.instanceId, 'A', 1));
    await until(async () => (await scene.list(process, 'dead')).length === 1, 'it is refused');
    expect(await scene.list(process)).toMatchObject([
      { error: expect.stringMatching(/^target_refused: .*WEBHOOK_ALLOW_PRIVATE=true/), responseStatus: null },
    ]);
    expect(target.received).toHaveLength(0);
  });
});

describe('a replay', () => {
  it('sends the same event again, with all tries before it', async () => {
    let answer: ReceiverAnswer = 400;
    const process = scene.start({ retrySeconds: [] });
    const target = await scene.receiver(() => answer);
    await scene.hook(process, target.url);
    await process.emit(callUpdate(scene.instanceId, 'A', 1));
    await until(async () => (await scene.list(process, 'dead')).length === 1, 'it is dead');
    const [dead] = await scene.list(process);
    answer = 200;
    expect(
      await process.deliveries.replay(scene.source.caller, scene.source.name, dead?.id ?? ''),
    ).toMatchObject({
      id: dead?.id,
      status: 'pending',
      attempts: 0,
      error: null,
      deliveredAt: null,
    });
    await until(async () => (await scene.list(process, 'delivered')).length === 1, 'it is delivered');
    expect(target.received).toHaveLength(2);
    expect(target.received[1]?.body).toBe(target.received[0]?.body);
  });

  it('of a delivery that another instance has, or nobody, is refused', async () => {
    const process = scene.start();
    const target = await scene.receiver();
    await scene.hook(process, target.url);
    await process.emit(callUpdate(scene.instanceId, 'A', 1));
    await until(async () => (await scene.list(process, 'delivered')).length === 1, 'it is delivered');
    const [delivery] = await scene.list(process);
    const other = await newEventSource(dataSource);
    const replay = (id: string, of = scene.source) => process.deliveries.replay(of.caller, of.name, id);
    await expect(replay(delivery?.id ?? '', other)).rejects.toThrow('delivery not found');
    await expect(replay('2c2a6f0e-0000-4000-8000-000000000000')).rejects.toThrow('delivery not found');
    await expect(replay('nonsense')).rejects.toThrow('delivery not found');
  });
});
