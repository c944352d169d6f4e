import { derivedLid, lidJid } from '../simulator/index.js';
import { failure, failureOf } from '../support/failure.js';
import { Stage } from '../support/stage.js';
import { WebhookReceiver } from '../support/webhook-receiver.js';

const OWN = '5511987650000';
/** Whose number is written in many ways. */
const WRITTEN = '5511987650301';
const OWN_LID = derivedLid(OWN);
const NOT_REGISTERED = failure(400, 'number_not_registered', 'Number is not registered on WhatsApp');

describe('numbers', () => {
  let stage: Stage;
  let receiver: WebhookReceiver;

  beforeAll(async () => {
    stage = await Stage.open({ WEBHOOK_ALLOW_PRIVATE: 'true' });
    receiver = await WebhookReceiver.start();
    await stage.linkedInstance('shop', OWN);
    stage.simulator.addContact({ number: WRITTEN });
    await stage.post('/api/events/webhook/shop', { enabled: true, url: receiver.url });
  });

  afterAll(async () => {
    await stage.close();
    await receiver.close();
  });

  afterEach(() => {
    expect(stage.simulator.violations).toEqual([]);
  });

  const call = (number: string) => stage.call('shop', { number, duration: 1 });
  const questions = () =>
    stage.simulator.stanzas.filter(({ direction, node }) => direction === 'in' && node.tag === 'iq').length;
  const rang = (number: string) =>
    stage.simulator.calls.filter(({ calleeNumber }) => calleeNumber === number).length;

  describe('of Brazil', () => {
    it.each([
      ['551120000101', '5511920000101'],
      ['551130000101', '5511930000101'],
      ['551140000101', '5511940000101'],
      ['551150000101', '5511950000101'],
      ['5511930000102', '551130000102'],
      ['551100000101', '5511900000101'],
    ])('never let a stranger ring: %s is not %s, which somebody else has', async (given, stranger) => {
      stage.simulator.addContact({ number: stranger });
      // Known by an earlier call, so that no question to WhatsApp is needed any more.
      expect(await call(stranger)).toMatchObject({ status: 200, body: { number: stranger } });

      expect(failureOf(await call(given))).toEqual(NOT_REGISTERED);
      expect(rang(stranger)).toBe(1);
      expect((await stage.get(`/api/call/list/shop?number=${given}`)).body.calls).toEqual([]);
    });

    it('are landlines where WhatsApp knows them as such', async () => {
      stage.simulator.addContact({ number: '551130000103' });
      stage.simulator.addContact({ number: '5511930000103' });

      expect(await call('551130000103')).toMatchObject({ status: 200, body: { number: '551130000103' } });
      expect([rang('551130000103'), rang('5511930000103')]).toEqual([1, 0]);
    });
  });

  it.each([
    ['Brazil', '5511987650101', '551187650101'],
    ['Brazil', '551187650102', '5511987650102'],
    ['Mexico', '5215512340101', '525512340101'],
    ['Mexico', '525512340102', '5215512340102'],
    ['Argentina', '5491112340101', '541112340101'],
    ['Argentina', '541112340102', '5491112340102'],
  ])('of %s are called in the form that WhatsApp knows: %s is %s', async (_, given, known) => {
    expect(failureOf(await call(given))).toEqual(NOT_REGISTERED);
    stage.simulator.addContact({ number: known });

    for (const number of [given, known]) {
      const answer = await call(number);
      expect(answer).toMatchObject({ status: 200, body: { number: known } });
      expect(await stage.callInfo('shop', String(answer.body.callId))).toMatchObject({ number: known });
    }
    const { body } = await stage.get(`/api/call/list/shop?number=${given}`);
    expect(body.calls).toHaveLength(2);
  });

  it.each([
    ['5511987650201', '551187650201'],
    ['525512340201', '5215512340201'],
    ['541112340201', '5491112340201'],
  ])('are tried as given first: %s before %s where WhatsApp knows both', async (one, other) => {
    for (const number of [one, other]) stage.simulator.addContact({ number });

    for (const number of [other, one]) {
      expect(await call(number)).toMatchObject({ status: 200, body: { number } });
    }
  });

  it.each([
    ['as an address book writes them', '\u202a+55\u00a011\u00a098765\u20110301\u202c'],
    ['as a spreadsheet writes them', "'5511987650301\t"],
    ['with digits of another script', '\uff0b\uff15\uff15 11 98765\u20130301'],
    ['as an older address', '5511987650301@c.us'],
    ['as an address in capitals', '5511987650301@S.WHATSAPP.NET'],
    ['as the address of a device', '5511987650301:12@s.whatsapp.net'],
  ])('may be written %s', async (_, text) => {
    expect(await call(text)).toMatchObject({ status: 200, body: { number: WRITTEN } });
  });

  it.each(['005511900000101', '05511900000101', '+0 55 11 90000-0101', '05511900000101@c.us'])(
    'do not begin with 0, and WhatsApp is not asked: %s',
    async (number) => {
      const before = questions();
      const expected = failure(
        400,
        'invalid_number',
        'Invalid number: it begins with 0; write the country code first, without 00 or 0 before it, as in 5511999999999',
      );

      expect(failureOf(await call(number))).toEqual(expected);
      expect(questions()).toBe(before);
      if (number.includes('@')) return;
      await stage.newInstance(`new-${number.length}`);
      const route = `/api/instance/connect/new-${number.length}?number=${encodeURIComponent(number)}`;
      expect(failureOf(await stage.get(route))).toEqual(expected);
      expect(await stage.instance(`new-${number.length}`)).toMatchObject({ status: 'disconnected' });
    },
  );

  it.each([
    ['its number', OWN],
    ['the other form of its number', '551187650000'],
    ['its address', `${OWN}@s.whatsapp.net`],
    ['its LID', lidJid(OWN_LID)],
    ['its LID with a device', `${OWN_LID}:1@lid`],
  ])('of the instance itself are refused: %s', async (_, number) => {
    const expected = failure(
      400,
      'invalid_number',
      'Invalid number: this is the number of the instance itself',
    );
    const keyed = { headers: { 'Idempotency-Key': `own ${number}` } };

    for (const options of [keyed, keyed, {}]) {
      const answer = await stage.post('/api/call/fake/shop', { number, duration: 1 }, options);
      expect(failureOf(answer)).toEqual(expected);
      expect(answer.headers.get('idempotency-replayed')).toBeNull();
    }
    const { body } = await stage.get(`/api/call/list/shop?number=${encodeURIComponent(number)}`);
    expect(body.calls).toEqual([]);
  });

  describe('of callers that WhatsApp hides', () => {
    async function callFrom(from: string): Promise<unknown[]> {
      const callId = stage.simulator.sendCallTo(OWN, { from, kind: 'offer', hidesNumber: true });
      stage.simulator.sendCallTo(OWN, { from, kind: 'terminate', callId });
      const events = () =>
        receiver.accepted
          .map(({ body }) => JSON.parse(body) as { data: Record<string, unknown> })
          .filter(({ data }) => data.callId === callId);
      await stage.until(() => events().length === 2, 'both events are delivered');
      return events().map(({ data: { direction, number, jid } }) => ({ direction, number, jid }));
    }

    const reported = (from: string, number: string | null) =>
      new Array<unknown>(2).fill({ direction: 'incoming', number, jid: lidJid(derivedLid(from)) });

    it('are null when they are not known, and the LID stands in jid', async () => {
      const stranger = stage.newContact();

      expect(await callFrom(stranger)).toEqual(reported(stranger, null));
      expect(await call(lidJid(derivedLid(stranger)))).toMatchObject({ status: 200 });
      expect(await callFrom(stranger)).toEqual(reported(stranger, null));
    });

    it('are reported when an own call has found them, also after the instance was linked again', async () => {
      const friend = stage.newContact();
      expect(await call(friend)).toMatchObject({ status: 200, body: { number: friend } });

      expect(await callFrom(friend)).toEqual(reported(friend, friend));

      await stage.delete('/api/instance/logout/shop');
      await stage.link('shop', OWN);
      expect(await callFrom(friend)).toEqual(reported(friend, friend));
    });
  });
});
