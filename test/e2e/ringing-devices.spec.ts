import type { CallRecord, ContactOptions } from '../simulator/index.js';
import { runSql } from '../support/postgres.js';
import { Stage } from '../support/stage.js';

const CALLER = '491510000006';
/** The simulator waits this long before it complains of a device that rings on. */
const STOP_GRACE_MS = 3_000;
/** The product hangs up what an earlier process left ringing within this time of being ready. */
const RECOVERY_MS = 10_000;
/** They show nothing of themselves, so that only the server can tell of them. */
const SILENT_COMPANIONS = { 0: { kind: 'rings' }, 8: { kind: 'silent' }, 9: { kind: 'silent' } } as const;
const HIDDEN = { devices: [0, 8, 9], hiddenDevices: [8, 9], behaviour: SILENT_COMPANIONS };
const EIGHT = [0, 1, 2, 3, 4, 5, 6, 7];

describe('a callee with several devices', () => {
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

  /** A call on all devices of the contact; all of them ring but those that are switched off. */
  async function ringing(contact: Omit<ContactOptions, 'number'>, duration: number): Promise<CallRecord> {
    const { status, body } = await stage.call('shop', { number: stage.newContact(contact), duration });
    expect(status).toBe(200);
    const isOff = (jid: string) => contact.behaviour === SILENT_COMPANIONS && jid.includes(':');
    return stage.simulator.waitForCall(
      ({ callId, devices }) =>
        callId === body.callId && devices.every(({ ringingSince, jid }) => ringingSince ?? isOff(jid)),
    );
  }

  const untilStopped = (call: CallRecord, timeoutMs?: number) =>
    stage.simulator.waitForCall(
      ({ callId, devices }) =>
        callId === call.callId && devices.every(({ terminateStanzaIds }) => terminateStanzaIds.length > 0),
      { timeoutMs },
    );
  const terminatesOf = ({ devices }: CallRecord) =>
    devices.map(({ terminateStanzaIds, terminateReason }) => [terminateStanzaIds.length, terminateReason]);
  const keysOf = ({ devices }: CallRecord) => devices.filter(({ encType }) => encType !== undefined).length;
  const oneEach = (count: number) => Array.from({ length: count }, () => [1, '']);

  it.each<[string, Omit<ContactOptions, 'number'>, number, number]>([
    [
      'eight devices, five of them with a key and three that only the acknowledgement names',
      { devices: EIGHT, hiddenDevices: [5, 6, 7] },
      5,
      8,
    ],
    ['eight devices, of which only the phone gets a key', { devices: EIGHT }, 1, 8],
    ['four devices, one of them without a usable key', { devices: [0, 1, 2, 3], brokenBundles: [2] }, 3, 4],
    ['a phone, and two companions that say nothing and that only the acknowledgement names', HIDDEN, 1, 3],
  ])('is silent on all of them after the hang-up: %s', async (_, contact, keys, count) => {
    const call = await ringing(contact, 1);
    expect([keysOf(call), call.devices.length]).toEqual([keys, count]);

    expect(terminatesOf(await untilStopped(call))).toEqual(oneEach(count));
    expect(await stage.endedCall('shop', call.callId)).toMatchObject({ outcome: 'completed' });
  });

  it('is silent on all eight when a process is killed while they ring and the next one hangs up', async () => {
    const call = await ringing({ devices: EIGHT, hiddenDevices: [5, 6, 7] }, 2);
    await stage.until(
      async () => (await stage.callInfo('shop', call.callId)).state === 'ringing',
      'it is written down that it rings',
    );

    await stage.product.kill();
    expect(call.devices.some(({ ringStoppedAt }) => ringStoppedAt)).toBe(false);
    await stage.restart();

    expect(terminatesOf(await untilStopped(call, RECOVERY_MS))).toEqual(oneEach(8));
    expect(await stage.endedCall('shop', call.callId)).toMatchObject({ outcome: 'completed' });
  });

  it('is dismissed on the devices of a late acknowledgement as soon as it comes', async () => {
    const call = await ringing({ ...HIDDEN, ack: { delayMs: 2_000 } }, 1);
    expect(await stage.endedCall('shop', call.callId)).toMatchObject({ outcome: 'completed' });
    expect(terminatesOf(call)).toEqual([
      [1, ''],
      [0, undefined],
      [0, undefined],
    ]);

    expect(terminatesOf(await untilStopped(call))).toEqual(oneEach(3));
    expect(Date.now() - call.offeredAt).toBeLessThan(STOP_GRACE_MS);
  });

  it('is silent after a kill too when the acknowledgement was late', async () => {
    const call = await ringing({ ...HIDDEN, ack: { delayMs: 500 } }, 3);
    const stored = `SELECT caller_timeout_seconds FROM calls WHERE call_id = '${call.callId}'`;
    await stage.until(async () => (await runSql(stage.databaseUrl, stored)) === 90, 'it is written down');

    await stage.product.kill();
    await stage.restart();

    expect(terminatesOf(await untilStopped(call, RECOVERY_MS))).toEqual(oneEach(3));
  });

  it('is told in the log how long a caller may let it ring', async () => {
    const { callId } = await ringing({ devices: [0] }, 1);
    await stage.endedCall('shop', callId);
    const isEnd = (line: string) => line.includes(callId) && line.includes('"A call ended"');
    const end = () => stage.product.stdout().split('\n').find(isEnd);
    await stage.until(() => end() !== undefined, 'the end is in the log');
    expect(JSON.parse(end() ?? '')).toMatchObject({ callerTimeoutSeconds: 90 });
  });
});
