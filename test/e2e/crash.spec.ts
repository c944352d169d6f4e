import { calleeSignal } from '../simulator/call-stanzas.js';
import type { CallRecord, ContactOptions } from '../simulator/index.js';
import { failure, failureOf } from '../support/failure.js';
import { ringLengths } from '../support/ring-lengths.js';
import { Stage } from '../support/stage.js';

const CALLER = '491510000050';

/** The product hangs up what an earlier process left ringing within this time of being ready. */
const RECOVERY_MS = 10_000;

describe('phones that ring when something breaks', () => {
  let stage: Stage;

  beforeAll(async () => {
    stage = await Stage.open();
    await stage.linkedInstance('shop', CALLER);
  });

  afterAll(async () => {
    await stage.close();
  });

  afterEach(() => {
    expect(stage.simulator.violations).toEqual([]);
  });

  const newContact = (contact: Omit<ContactOptions, 'number'> = {}) =>
    stage.newContact({ devices: [0, 6], ...contact });

  async function ringing(
    duration: number,
    contact: Omit<ContactOptions, 'number'> = {},
  ): Promise<CallRecord> {
    const { status, body } = await stage.call('shop', { number: newContact(contact), duration });
    expect(status).toBe(200);
    const callId = String(body.callId);
    await stage.until(async () => (await stage.callInfo('shop', callId)).state === 'ringing', 'it rings');
    return stage.simulator.waitForCall(
      (call) => call.callId === callId && call.devices.every(({ ringingSince }) => ringingSince),
    );
  }

  function untilStopped({ callId }: CallRecord, timeoutMs = RECOVERY_MS): Promise<CallRecord> {
    return stage.simulator.waitForCall(
      (call) =>
        call.callId === callId &&
        call.devices.every(({ terminateStanzaIds }) => terminateStanzaIds.length > 0),
      { timeoutMs },
    );
  }

  const terminatesOf = ({ devices }: CallRecord) =>
    devices.map(({ terminateStanzaIds, terminateReason }) => [terminateStanzaIds.length, terminateReason]);
  const ONE_EACH = [
    [1, ''],
    [1, ''],
  ];

  it('are stopped by the next process after a SIGKILL in mid-ring, and the call gets its end', async () => {
    const overdue = await ringing(1);

    await stage.product.kill();
    expect(terminatesOf(overdue)).toEqual([
      [0, undefined],
      [0, undefined],
    ]);
    await stage.restart();

    const stopped = await untilStopped(overdue);
    expect(terminatesOf(stopped)).toEqual(ONE_EACH);
    expect(await stage.endedCall('shop', overdue.callId)).toMatchObject({ outcome: 'completed' });
  });

  it('are followed by the next process after a SIGKILL: on time, by cancel, and when somebody declines', async () => {
    const onTime = await ringing(8);
    const cancelled = await ringing(50);
    const declined = await ringing(50);

    await stage.product.kill();
    await stage.restart();
    await stage.untilStatus('shop', 'connected');

    const answer = await stage.post('/api/call/cancel/shop', { callId: cancelled.callId });
    expect(answer).toMatchObject({ status: 200, body: { call: { outcome: 'cancelled' } } });
    expect(terminatesOf(await untilStopped(cancelled))).toEqual(ONE_EACH);
    // Only now: who declines while nobody is there to hear it goes unheard.
    const [phone] = declined.devices;
    if (!phone) throw new Error('the call has no device');
    phone.rejectReason = '';
    stage.simulator.push(CALLER, calleeSignal(declined, phone.jid, 'reject', { count: '0' }));
    expect(await stage.endedCall('shop', declined.callId)).toMatchObject({ outcome: 'rejected' });
    const stopped = await untilStopped(onTime);
    expect(await stage.endedCall('shop', onTime.callId)).toMatchObject({ outcome: 'completed' });
    for (const ms of ringLengths(stopped)) {
      expect(ms).toBeGreaterThanOrEqual(7_950);
      expect(ms).toBeLessThanOrEqual(8_250);
    }
  });

  it('are stopped after a SIGKILL between the offer and its acknowledgement', async () => {
    const number = newContact({ ack: { delayMs: 3_000 }, behaviour: { kind: 'silent' } });
    const request = stage.call('shop', { number, duration: 1 }).catch(() => 'no answer');
    const call = await stage.simulator.waitForCall(({ calleeNumber }) => calleeNumber === number);

    await stage.product.kill();
    expect(await request).toBe('no answer');
    // A verdict cannot come any more, so that the next process has nothing to wait for once the time is over.
    await stage.until(() => Date.now() > call.offeredAt + 1_000, 'the time of the call is over');
    await stage.restart();

    expect(terminatesOf(await untilStopped(call))).toEqual(ONE_EACH);
    const ended = await stage.endedCall('shop', call.callId);
    expect(ended).toMatchObject({ state: 'ended', outcome: 'unreachable', ringingAt: null });
  });

  it('are stopped before a SIGTERM ends the process, without an error', async () => {
    const call = await ringing(50);

    expect(await stage.product.stop()).toBe(0);

    expect(terminatesOf(call)).toEqual(ONE_EACH);
    await stage.restart();
    await stage.untilStatus('shop', 'connected');
    expect(await stage.callInfo('shop', call.callId)).toMatchObject({
      state: 'ended',
      outcome: 'cancelled',
      failureReason: 'Ringdrop was stopped',
    });
  });

  it('are stopped although more signals come while the first is carried out', async () => {
    const call = await ringing(50);
    const { product } = stage;

    for (const signal of ['SIGTERM', 'SIGINT', 'SIGTERM', 'SIGINT'] as const) {
      process.kill(product.pid, signal);
      await new Promise((resolve) => setTimeout(resolve, 5));
    }

    expect(await product.ended()).toBe(0);
    expect(terminatesOf(call)).toEqual(ONE_EACH);
    expect(product.stdout().match(/further signals change nothing/g)).toHaveLength(1);
    await stage.restart();
    await stage.untilStatus('shop', 'connected');
    expect(await stage.callInfo('shop', call.callId)).toMatchObject({ outcome: 'cancelled' });
  });

  it('are stopped on time when the connection drops in mid-ring and comes back', async () => {
    const call = await ringing(4);
    const logins = stage.simulator.loginCount(CALLER);

    stage.simulator.disconnect(CALLER, { kind: 'close' });
    await stage.simulator.waitForLogin(CALLER, { times: logins + 1 });

    const stopped = await untilStopped(call);
    expect(terminatesOf(stopped)).toEqual(ONE_EACH);
    for (const ms of ringLengths(stopped)) {
      expect(ms).toBeGreaterThanOrEqual(3_950);
      expect(ms).toBeLessThanOrEqual(4_250);
    }
    expect(await stage.endedCall('shop', call.callId)).toMatchObject({ outcome: 'completed' });
  });

  it('are stopped as soon as a connection is back that was away when their time was over', async () => {
    const call = await ringing(1);
    const logins = stage.simulator.loginCount(CALLER);

    stage.simulator.disconnect(CALLER, { kind: 'close' });
    const { openedAt } = await stage.simulator.waitForLogin(CALLER, { times: logins + 1 });

    const stopped = await untilStopped(call);
    expect(terminatesOf(stopped)).toEqual(ONE_EACH);
    const [phone] = stopped.devices;
    const overdueAt = Math.max(openedAt, (phone?.ringingSince ?? 0) + 1_000);
    expect((phone?.ringStoppedAt ?? Infinity) - overdueAt).toBeLessThan(1_000);
    expect(await stage.endedCall('shop', call.callId)).toMatchObject({ outcome: 'completed' });
  });

  it('are stopped on the next connection when the call is cancelled without one; nothing is called meanwhile', async () => {
    const call = await ringing(50);

    stage.simulator.disconnect(CALLER, { kind: 'close' });
    await stage.until(
      async () => (await stage.instance('shop')).status !== 'connected',
      'the drop is noticed',
    );
    const message = 'Instance is not connected to WhatsApp';
    // Until the next attempt to connect, which is the first rung of the ladder.
    const retryAfter: unknown = expect.stringMatching(/^[1-9]$/);
    const notConnected = { ...failure(503, 'instance_not_connected', message), retryAfter };
    const cancel = await stage.post('/api/call/cancel/shop', { callId: call.callId });
    expect(failureOf(cancel)).toEqual(notConnected);
    expect(failureOf(await stage.call('shop', { number: newContact() }))).toEqual(notConnected);

    expect(terminatesOf(await untilStopped(call))).toEqual(ONE_EACH);
    expect(await stage.endedCall('shop', call.callId)).toMatchObject({ outcome: 'cancelled' });
  });
});
