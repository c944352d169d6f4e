import { ringLengths } from '../support/ring-lengths.js';
import { Stage } from '../support/stage.js';

const CALLER = '5511988880001';
const CALLEE = '5511999990001';

describe('the main job', () => {
  let stage: Stage;

  beforeAll(async () => {
    stage = await Stage.open();
    await stage.linkedInstance('shop', CALLER);
  });

  afterAll(async () => {
    await stage.close();
  });

  it('rings both devices of the callee for the requested time, hangs each up, and says so', async () => {
    stage.simulator.addContact({ number: CALLEE, devices: [0, 12] });

    const answer = await stage.call('shop', { number: `+${CALLEE}`, duration: 2 });

    expect(answer.body).toEqual({
      success: true,
      message: 'Call placed successfully',
      callId: expect.stringMatching(/^00[0-9A-F]{30}$/),
      number: CALLEE,
      duration: 2,
    });
    expect(answer.status).toBe(200);

    const ended = await stage.endedCall('shop', String(answer.body.callId));
    const call = await stage.simulator.waitForCall(({ callId }) => callId === answer.body.callId);
    const [phone, desktop] = call.devices;
    expect(phone?.callKey).toHaveLength(32);
    expect(desktop?.callKey).toEqual(phone?.callKey);
    for (const rangMs of ringLengths(call)) {
      expect(rangMs).toBeGreaterThanOrEqual(1_950);
      expect(rangMs).toBeLessThanOrEqual(2_250);
    }
    for (const device of call.devices) {
      expect(device.terminateStanzaIds).toHaveLength(1);
      expect(device.terminateReason).toBe('');
    }
    expect(ended).toMatchObject({ state: 'ended', outcome: 'completed', number: CALLEE, duration: 2 });
    expect(ended.ringSeconds).toBeCloseTo(2, 0);
    expect(stage.simulator.violations).toEqual([]);
  });

  it('uses the Signal session of the first call for the second', async () => {
    const answer = await stage.call('shop', { number: CALLEE, duration: 1 });
    await stage.endedCall('shop', String(answer.body.callId));

    const call = await stage.simulator.waitForCall(({ callId }) => callId === answer.body.callId);
    expect(call.devices.map(({ callKey }) => callKey?.length)).toEqual([32, 32]);
    expect(stage.simulator.violations).toEqual([]);
  });
});
