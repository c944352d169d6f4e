import type { ContactOptions, OfferAck } from '../simulator/index.js';
import { failure, failureOf } from '../support/failure.js';
import { Stage, type Answer } from '../support/stage.js';

const CALLER = '491510000003';
const NOT_ACKNOWLEDGED = failure(
  500,
  'call_not_acknowledged',
  'WhatsApp did not acknowledge the call within 15 seconds',
);

describe('what WhatsApp says to an offer', () => {
  let stage: Stage;
  let ignored: { readonly number: string; readonly answer: Promise<Answer>; readonly askedAt: number };

  beforeAll(async () => {
    stage = await Stage.open();
    await stage.linkedInstance('shop', CALLER);
    // Fifteen seconds of silence pass while the other tests run.
    const number = newContact('silent', { devices: [0, 5] });
    ignored = { number, askedAt: Date.now(), answer: call(number) };
  });

  afterAll(async () => {
    await stage.close();
  });

  afterEach(() => {
    expect(stage.simulator.violations).toEqual([]);
  });

  const newContact = (ack: OfferAck, contact: Omit<ContactOptions, 'number' | 'ack'> = {}) =>
    stage.newContact({ ack, ...contact });

  const call = (number: string, instance = 'shop') => stage.call(instance, { number, duration: 1 });

  async function onlyRowOf(number: string, instance = 'shop'): Promise<Record<string, unknown>> {
    const { body } = await stage.get(`/api/call/list/${instance}?number=${number}`);
    const [row, ...more] = body.calls as Record<string, unknown>[];
    expect(more).toEqual([]);
    return row ?? {};
  }

  it('takes an acknowledgement without content for a yes', async () => {
    const answer = await call(newContact('ok-empty'));

    expect(answer.status).toBe(200);
    expect(await stage.endedCall('shop', String(answer.body.callId))).toMatchObject({ outcome: 'completed' });
  });

  it.each<[OfferAck, number, string]>([
    [{ errorAttribute: 406 }, 406, 'the platform of the callee cannot take calls'],
    [{ errorAttribute: 439 }, 439, 'the structure of the offer was not accepted'],
    [{ errorAttribute: 499 }, 499, 'unknown reason'],
    [{ errorChild: 404 }, 404, 'the callee cannot be reached for calls'],
  ])('tells the refusal %j in words and with its code', async (ack, failureCode, reason) => {
    const number = newContact(ack);

    const answer = await call(number);

    const failureReason = `WhatsApp refused the call: ${reason} (${failureCode})`;
    expect(failureOf(answer)).toEqual(failure(500, 'call_refused', failureReason));
    expect(await onlyRowOf(number)).toMatchObject({
      callId: expect.any(String),
      state: 'ended',
      outcome: 'refused',
      failureCode,
      failureReason,
      acceptedAt: null,
    });
    const [refused] = stage.simulator.calls.filter(({ calleeNumber }) => calleeNumber === number);
    expect(refused?.devices.map(({ terminateStanzaIds }) => terminateStanzaIds)).toEqual([[]]);
  });

  it('goes by the devices when their receipts overtake the acknowledgement', async () => {
    const number = newContact({ delayMs: 700 });
    const askedAt = Date.now();

    const answer = await call(number);

    expect(answer.status).toBe(200);
    expect(Date.now() - askedAt).toBeLessThan(700);
    const ended = await stage.endedCall('shop', String(answer.body.callId));
    expect(ended).toMatchObject({ outcome: 'completed', acceptedAt: expect.any(String) });
    expect(ended.ringSeconds).toBeCloseTo(1, 0);
  });

  it('takes a late acknowledgement when no device confirms anything', async () => {
    const answer = await call(newContact({ delayMs: 300 }, { behaviour: { kind: 'silent' } }));

    expect(answer.status).toBe(200);
    expect(await stage.endedCall('shop', String(answer.body.callId))).toMatchObject({
      outcome: 'unreachable',
    });
  });

  it('names the lost connection when WhatsApp closes it instead of answering, and hangs up on the next one', async () => {
    await stage.linkedInstance('cut', '491510000005');
    const number = newContact('close', { devices: [0, 5] });

    const answer = await call(number, 'cut');

    const failureReason = 'The connection to WhatsApp was lost before WhatsApp acknowledged the call';
    expect(failureOf(answer)).toEqual(failure(500, 'call_not_acknowledged', failureReason));
    expect(await onlyRowOf(number, 'cut')).toMatchObject({
      outcome: 'failed',
      failureReason,
      acceptedAt: null,
    });
    await stage.simulator.waitForCall(
      ({ calleeNumber, devices }) =>
        calleeNumber === number && devices.every(({ terminateStanzaIds }) => terminateStanzaIds.length === 1),
    );
  });

  it.each([
    ['usync', 'looking the callee up'],
    ['encrypt', 'asking for the keys of its devices'],
  ])(
    'says 503 at once and keeps no call when WhatsApp closes the connection (%s) instead of %s',
    async (xmlns) => {
      const caller = xmlns === 'usync' ? '491510000006' : '491510000007';
      await stage.linkedInstance(xmlns, caller);
      const number = newContact('ok-empty');
      let asked = false;
      const answerAgain = stage.simulator.ignoreIq(({ attrs }) => {
        asked ||= attrs.xmlns === xmlns;
        return attrs.xmlns === xmlns;
      });
      const answering = call(number, xmlns);
      await stage.until(() => asked, 'WhatsApp is asked');
      const cutAt = Date.now();
      stage.simulator.disconnect(caller, { kind: 'close' });

      const answer = await answering;

      answerAgain();
      expect(failureOf(answer)).toEqual({
        ...failure(503, 'instance_not_connected', 'Instance is not connected to WhatsApp'),
        // Until the next attempt to connect, which is the first rung of the ladder.
        retryAfter: expect.stringMatching(/^[1-9]$/) as unknown,
      });
      expect(Date.now() - cutAt).toBeLessThan(5_000);
      const { body } = await stage.get(`/api/call/list/${xmlns}?number=${number}`);
      expect(body.calls).toEqual([]);
    },
  );

  it('gives up after 15 seconds without an answer and hangs up every device to be sure', async () => {
    const answer = await ignored.answer;

    expect(failureOf(answer)).toEqual(NOT_ACKNOWLEDGED);
    expect(Date.now() - ignored.askedAt).toBeGreaterThanOrEqual(14_950);
    const row = await onlyRowOf(ignored.number);
    expect(row).toMatchObject({
      state: 'ended',
      outcome: 'failed',
      failureReason: 'WhatsApp did not acknowledge the call within 15 seconds',
      acceptedAt: null,
    });
    const waitedMs = Date.parse(String(row.endedAt)) - Date.parse(String(row.requestedAt));
    expect(waitedMs).toBeGreaterThanOrEqual(14_950);
    expect(waitedMs).toBeLessThan(17_000);
    await stage.simulator.waitForCall(
      ({ callId, devices }) =>
        callId === row.callId &&
        devices.length === 2 &&
        devices.every(({ terminateStanzaIds }) => terminateStanzaIds.length === 1),
    );
  });
});
