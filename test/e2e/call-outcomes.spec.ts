import { calleeSignal } from '../simulator/call-stanzas.js';
import type { CallDeviceRecord, CalleeBehaviour, ContactOptions } from '../simulator/index.js';
import { Stage } from '../support/stage.js';

const CALLER = '491510000001';
const rings: CalleeBehaviour = { kind: 'rings' };

describe('what becomes of a call', () => {
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

  /** Calls a new contact with these devices and waits for the end. */
  async function callTo(contact: Omit<ContactOptions, 'number'>, duration = 1) {
    const number = stage.newContact(contact);
    const answer = await stage.call('shop', { number, duration });
    expect(answer).toMatchObject({ status: 200, body: { success: true, number, duration } });
    const callId = String(answer.body.callId);
    const call = await stage.endedCall('shop', callId);
    expect(call).toMatchObject({ callId, number, duration, jid: expect.stringMatching(/^\d{15}@lid$/) });
    return { call, callId };
  }

  /** The devices of the call, once the condition holds for them. */
  async function devicesOf(callId: string, settled: (devices: readonly CallDeviceRecord[]) => boolean) {
    const { devices } = await stage.simulator.waitForCall(
      (call) => call.callId === callId && settled(call.devices),
    );
    return devices;
  }

  const allTerminated = (devices: readonly CallDeviceRecord[]) =>
    devices.every(({ terminateStanzaIds }) => terminateStanzaIds.length > 0);
  const terminates = (devices: readonly CallDeviceRecord[]) =>
    devices.map(({ terminateStanzaIds, terminateReason }) => [terminateStanzaIds.length, terminateReason]);

  it('is completed when a phone rang and nobody took notice, with every step in its order', async () => {
    const { call, callId } = await callTo({ devices: [0, 7] });

    expect(call).toMatchObject({ outcome: 'completed', failureCode: null, failureReason: null });
    const times = [call.requestedAt, call.acceptedAt, call.endedAt].map((time) => Date.parse(String(time)));
    expect(times).toEqual([...times].sort((a, b) => a - b));
    expect(Date.parse(String(call.ringingAt))).toBeGreaterThanOrEqual(Date.parse(String(call.deliveredAt)));
    expect(call.ringSeconds).toBeGreaterThanOrEqual(0.95);
    expect(call.ringSeconds).toBeLessThanOrEqual(1.25);
    expect(terminates(await devicesOf(callId, allTerminated))).toEqual([
      [1, ''],
      [1, ''],
    ]);
  });

  it('is completed without a ring when a device received it and never said that it rings', async () => {
    const { call, callId } = await callTo({ behaviour: { kind: 'receipt' } });

    expect(call).toMatchObject({
      outcome: 'completed',
      deliveredAt: expect.any(String),
      ringingAt: null,
      ringSeconds: null,
    });
    expect(terminates(await devicesOf(callId, allTerminated))).toEqual([[1, '']]);
  });

  it('is unreachable when no device ever confirmed it, and is hung up all the same', async () => {
    const { call, callId } = await callTo({ devices: [0, 3], behaviour: { kind: 'silent' } });

    expect(call).toMatchObject({
      outcome: 'unreachable',
      acceptedAt: expect.any(String),
      deliveredAt: null,
      ringingAt: null,
    });
    expect(terminates(await devicesOf(callId, allTerminated))).toEqual([
      [1, ''],
      [1, ''],
    ]);
  });

  it('is rejected when a person declines on the phone, and the other device is told why it stops', async () => {
    const { call, callId } = await callTo(
      { devices: [0, 3], behaviour: { 0: { kind: 'rejects', ringsFirst: true, afterMs: 200 }, 3: rings } },
      5,
    );

    expect(call).toMatchObject({ outcome: 'rejected', ringingAt: expect.any(String) });
    expect(call.ringSeconds).toBeLessThan(1);
    const devices = await devicesOf(callId, (all) => all.some((device) => device.terminateReason));
    expect(terminates(devices)).toEqual([
      [0, undefined],
      [1, 'rejected_elsewhere'],
    ]);
  });

  it('goes on when a desktop without calling support declines by itself at once', async () => {
    const { call } = await callTo({
      devices: [0, 3],
      behaviour: { 0: rings, 3: { kind: 'rejects', afterMs: 100 } },
    });

    expect(call).toMatchObject({ outcome: 'completed' });
    expect(call.ringSeconds).toBeGreaterThanOrEqual(0.95);
  });

  it('goes on when a desktop declines by itself a little later, while the phone rings', async () => {
    const { call } = await callTo(
      { devices: [0, 3], behaviour: { 0: rings, 3: { kind: 'rejects', afterMs: 2_500 } } },
      3,
    );

    expect(call).toMatchObject({ outcome: 'completed' });
    expect(call.ringSeconds).toBeGreaterThanOrEqual(2.95);
  });

  it.each([
    ['two seconds, while the phone does not ring', { kind: 'silent' }, 2_150, 3],
    ['five seconds, while the phone rings', rings, 5_150, 6],
  ] as const)(
    'is rejected when a person declines on the desktop after %s',
    async (_, phone, afterMs, most) => {
      const { call, callId } = await callTo(
        { devices: [0, 3], behaviour: { 0: phone, 3: { kind: 'rejects', ringsFirst: true, afterMs } } },
        8,
      );

      expect(call).toMatchObject({ outcome: 'rejected' });
      expect(call.ringSeconds).toBeLessThan(most);
      const devices = await devicesOf(callId, (all) => all.some((device) => device.terminateReason));
      expect(terminates(devices)).toEqual([
        [1, 'rejected_elsewhere'],
        [0, undefined],
      ]);
    },
  );

  it('is busy when the only device is in another call', async () => {
    const { call, callId } = await callTo({ behaviour: { kind: 'rejects', reason: 'busy' } }, 5);

    expect(call).toMatchObject({ outcome: 'busy', ringingAt: null });
    expect(terminates(await devicesOf(callId, () => true))).toEqual([[0, undefined]]);
  });

  it('rings on when one of two devices is busy', async () => {
    const { call, callId } = await callTo({
      devices: [0, 3],
      behaviour: { 0: { kind: 'rejects', reason: 'busy' }, 3: rings },
    });

    expect(call).toMatchObject({ outcome: 'completed' });
    expect(call.ringSeconds).toBeGreaterThanOrEqual(0.95);
    const devices = await devicesOf(callId, ([, desktop]) => desktop?.terminateStanzaIds.length === 1);
    expect(terminates(devices)).toEqual([
      [0, undefined],
      [1, ''],
    ]);
  });

  it.each(['uncallable', 'enc', 'tos'])('is unreachable when the only device answers %s', async (reason) => {
    const { call } = await callTo({ behaviour: { kind: 'rejects', reason } }, 5);

    expect(call).toMatchObject({ outcome: 'unreachable', ringingAt: null });
  });

  it('is answered when somebody picks up, and is hung up on every device at once', async () => {
    const { call, callId } = await callTo(
      { devices: [0, 3], behaviour: { 0: rings, 3: { kind: 'accepts', afterMs: 300 } } },
      5,
    );

    expect(call).toMatchObject({ outcome: 'answered' });
    const [phone, desktop] = await devicesOf(callId, allTerminated);
    expect(terminates([phone, desktop].flatMap((device) => device ?? []))).toEqual([
      [1, 'accepted_elsewhere'],
      [1, ''],
    ]);
    expect((phone?.ringStoppedAt ?? Infinity) - (desktop?.acceptedAt ?? 0)).toBeLessThan(500);
  });

  it.each<[string | undefined, string, string | null, string]>([
    [undefined, 'rejected', null, ''],
    ['rejected_elsewhere', 'rejected', 'rejected_elsewhere', 'rejected_elsewhere'],
    ['hangup', 'rejected', 'hangup', ''],
    ['accepted_elsewhere', 'answered', null, 'accepted_elsewhere'],
    ['timeout', 'completed', null, ''],
    ['group_call_ended', 'completed', null, ''],
    ['busy', 'busy', null, ''],
  ])(
    'that the side of the callee ends with the reason %s is %s, and the other device stops',
    async (reason, outcome, failureReason, dismissal) => {
      const { call, callId } = await callTo(
        { devices: [0, 3], behaviour: { 0: { kind: 'hangs-up', afterMs: 200, reason }, 3: rings } },
        5,
      );

      expect(call).toMatchObject({ outcome, failureReason, ringingAt: expect.any(String) });
      expect(call.ringSeconds).toBeLessThan(1);
      const devices = await devicesOf(callId, ([, desktop]) => desktop?.terminateStanzaIds.length === 1);
      expect(terminates(devices)).toEqual([
        [0, undefined],
        [1, dismissal],
      ]);
    },
  );

  it('that the server ends for lack of time is unreachable when no device ever confirmed it', async () => {
    const number = stage.newContact({ behaviour: { kind: 'silent' } });
    const { body } = await stage.call('shop', { number, duration: 5 });
    const callId = String(body.callId);
    const placed = await stage.simulator.waitForCall((call) => call.callId === callId && call.acked);

    stage.simulator.push(CALLER, calleeSignal(placed, placed.calleeLid, 'terminate', { reason: 'timeout' }));

    const call = await stage.endedCall('shop', callId, 4_000);
    expect(call).toMatchObject({ outcome: 'unreachable', deliveredAt: null, failureReason: null });
  });
});
