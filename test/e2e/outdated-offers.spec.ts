import { failure, failureOf } from '../support/failure.js';
import { bytesIn, offersOf } from '../support/outreach.js';
import { Stage } from '../support/stage.js';

const CALLER = '491510000085';

describe('a callee who changed since the last call', () => {
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

  const call = (number: string) => stage.call('shop', { number, duration: 1 });
  const callsTo = (number: string) =>
    stage.simulator.calls.filter(({ calleeNumber }) => calleeNumber === number);
  const offers = () => offersOf(stage.simulator, CALLER);

  it('rings on the new devices after one more offer under another id', async () => {
    const number = '491580000101';
    stage.simulator.addContact({ number, devices: [0, 5] });
    const { body } = await call(number);
    await stage.endedCall('shop', String(body.callId));
    stage.simulator.changeDevices(number, [0, 7]);
    const before = offers().length;

    const answer = await call(number);

    expect(answer.status).toBe(200);
    expect(offers()).toHaveLength(before + 2);
    const [refused, renewed] = offers().slice(before);
    expect(refused?.attrs['call-id']).not.toBe(renewed?.attrs['call-id']);
    expect(renewed?.attrs['call-id']).toBe(answer.body.callId);
    const devices = callsTo(number)
      .at(-1)
      ?.devices.map(({ jid }) => jid.replace(/^\d+/, ''));
    expect(devices).toEqual(['@lid', ':7@lid']);
    expect(await stage.endedCall('shop', String(answer.body.callId))).toMatchObject({ outcome: 'completed' });
    const { body: list } = await stage.get(`/api/call/list/shop?number=${number}`);
    expect(list.message).toBe('2 Calls found');
  });

  it('is not called a third time', async () => {
    const number = '491580000102';
    stage.simulator.addContact({ number, ack: { errorAttribute: 479 } });
    const reason = 'WhatsApp refused the call: device list or addressing is out of date (479)';

    expect(failureOf(await call(number))).toEqual(failure(500, 'call_refused', reason));

    expect(callsTo(number)).toHaveLength(2);
    const { body } = await stage.get(`/api/call/list/shop?number=${number}`);
    expect(body.calls).toMatchObject([{ outcome: 'refused', failureCode: 479 }]);
  });

  it('is called without the trust token that is no longer good', async () => {
    const number = '491580000103';
    stage.simulator.addContact({ number });
    const token = stage.simulator.trustTokens.send(CALLER, number);
    const last = () => bytesIn(offers().at(-1), 'privacy');
    await stage.until(
      async () => (await call(number)).status === 200 && last()?.equals(token) === true,
      'the token is in use',
    );
    // A newer one is issued while the session is away.
    stage.simulator.disconnect(CALLER, { kind: 'close' });
    await stage.until(() => stage.simulator.sessions.length === 0, 'the session is gone');
    stage.simulator.trustTokens.send(CALLER, number);
    await stage.simulator.waitForLogin(CALLER, {
      times: stage.simulator.loginCount(CALLER) + 1,
      timeoutMs: 20_000,
    });
    await stage.untilStatus('shop', 'connected');
    const before = offers().length;

    expect(await call(number)).toMatchObject({ status: 200 });

    const shown = offers()
      .slice(before)
      .map((offer) => bytesIn(offer, 'privacy'));
    expect(shown).toEqual([token, undefined]);
  });
});
