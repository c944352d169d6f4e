import { derivedLid, lidJid, type ContactOptions } from '../simulator/index.js';
import { failure, failureOf } from '../support/failure.js';
import { Stage, type Answer } from '../support/stage.js';

const CALLER = '491510000002';

describe('who is called', () => {
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

  /** Device ids for which the offer of this answer had a key. */
  async function keyedDevices({ status, body }: Answer): Promise<string[]> {
    expect(status).toBe(200);
    const { devices } = await stage.simulator.waitForCall(({ callId }) => callId === body.callId);
    return devices.filter(({ encType }) => encType !== undefined).map(({ jid }) => jid.replace(/^\d+/, ''));
  }

  async function rowsOf(number: string): Promise<unknown> {
    const { body } = await stage.get(`/api/call/list/shop?number=${number}`);
    return body.calls;
  }

  function offersTo(number: string) {
    return stage.simulator.calls.filter(({ calleeNumber }) => calleeNumber === number);
  }

  it('refuses a number that is not on WhatsApp and keeps no row of it', async () => {
    const answer = await call('491539999999');

    expect(failureOf(answer)).toEqual(
      failure(400, 'number_not_registered', 'Number is not registered on WhatsApp'),
    );
    expect(await rowsOf('491539999999')).toEqual([]);
  });

  it.each<[string, Omit<ContactOptions, 'number'>, string]>([
    ['has no LID', { lid: null }, 'WhatsApp gives no LID for this number'],
    ['has no device', { devices: [] }, 'no device of this number can take calls'],
    ['has only a hosted device', { devices: [99] }, 'no device of this number can take calls'],
    ['has no usable key', { brokenBundles: [0] }, 'no Signal session with any device'],
  ])('says that a callee cannot be called who %s, and sends nothing', async (_, contact, reason) => {
    const number = stage.newContact(contact);

    const answer = await call(number);

    const message = `Callee cannot be called: ${reason}`;
    expect(failureOf(answer)).toEqual(failure(500, 'callee_unreachable', message));
    expect(await rowsOf(number)).toMatchObject([
      {
        callId: null,
        state: 'ended',
        outcome: 'unreachable',
        failureCode: null,
        failureReason: message,
        acceptedAt: null,
        endedAt: expect.any(String),
      },
    ]);
    expect(offersTo(number)).toEqual([]);
  });

  it('leaves a hosted device out', async () => {
    expect(await keyedDevices(await call(stage.newContact({ devices: [0, 4, 99] })))).toEqual([
      '@lid',
      ':4@lid',
    ]);
  });

  it('makes a key for five devices, and of six only for the phone', async () => {
    const five = await call(stage.newContact({ devices: [0, 1, 2, 3, 4] }));
    expect(await keyedDevices(five)).toEqual(['@lid', ':1@lid', ':2@lid', ':3@lid', ':4@lid']);

    const six = await call(stage.newContact({ devices: [0, 1, 2, 3, 4, 5] }));
    expect(await keyedDevices(six)).toEqual(['@lid']);
  });

  it.each<[string, Omit<ContactOptions, 'number'>]>([
    ['is answered with an error', { brokenBundles: [7] }],
    ['does not come', { silentBundles: [7] }],
    ['carries a signature that does not verify', { badSignatureBundles: [7] }],
  ])('makes no key for a device whose key bundle %s, and rings the others', async (_, contact) => {
    const answer = await call(stage.newContact({ devices: [0, 7, 8], ...contact }));

    expect(await keyedDevices(answer)).toEqual(['@lid', ':8@lid']);
    const { devices } = await stage.simulator.waitForCall(
      ({ callId, devices }) =>
        callId === answer.body.callId && devices.every((device) => device.ringingSince),
    );
    expect(devices.map(({ callKey }) => callKey?.length)).toEqual([32, 32, undefined]);
  });

  it('finds a Brazilian who is known without the ninth digit, and reports the form that was called', async () => {
    stage.simulator.addContact({ number: '551177770001' });

    const answer = await call('+55 (11) 97777-0001');

    expect(answer).toMatchObject({ status: 200, body: { number: '551177770001' } });
    expect(await stage.callInfo('shop', String(answer.body.callId))).toMatchObject({
      number: '551177770001',
      jid: `${derivedLid('551177770001')}@lid`,
    });
  });

  it('finds a Brazilian who is known with the ninth digit only', async () => {
    stage.simulator.addContact({ number: '5511977770002' });

    expect(await call('551177770002')).toMatchObject({ status: 200, body: { number: '5511977770002' } });
  });

  it('calls the number that WhatsApp answers with', async () => {
    stage.simulator.addContact({ number: '5511977770003', aliases: ['551177770003'] });

    const answer = await call('551177770003');

    expect(answer).toMatchObject({ status: 200, body: { number: '5511977770003' } });
    expect(offersTo('5511977770003')).toHaveLength(1);
    expect(await rowsOf('5511977770003')).toMatchObject([{ number: '5511977770003' }]);
  });

  it('says which number is unknown only after both Brazilian forms were tried', async () => {
    expect(failureOf(await call('5511977770009'))).toMatchObject({ code: 'number_not_registered' });
  });

  it('takes a LID and reports its digits', async () => {
    const number = stage.newContact();
    const lid = derivedLid(number);

    const answer = await call(lidJid(lid));

    expect(answer).toMatchObject({ status: 200, body: { number: lid } });
    expect(offersTo(number)).toMatchObject([{ callId: answer.body.callId, calleeLid: `${lid}@lid` }]);
  });

  it.each([
    ['no devices', false],
    ['an error', true],
  ])('says that a LID is not registered for which WhatsApp answers %s', async (_, refuses) => {
    stage.simulator.refusesUnknownLids = refuses;

    const answer = await call('123456789012345@lid');

    stage.simulator.refusesUnknownLids = false;
    expect(failureOf(answer)).toEqual(
      failure(400, 'number_not_registered', 'Number is not registered on WhatsApp'),
    );
    expect(await rowsOf('123456789012345@lid')).toEqual([]);
  });

  it('says of a LID with nothing but a hosted device that it cannot be called', async () => {
    const number = stage.newContact({ devices: [99] });
    const message = 'Callee cannot be called: no device of this number can take calls';

    expect(failureOf(await call(lidJid(derivedLid(number))))).toEqual(
      failure(500, 'callee_unreachable', message),
    );
  });

  it.each([
    ['a JID', (number: string) => `${number}@s.whatsapp.net`],
    [
      'punctuation',
      (number: string) => ` +(${number.slice(0, 2)}) ${number.slice(2, 5)}-${number.slice(5)}. `,
    ],
  ])('takes a number written with %s', async (_, spelling) => {
    const number = stage.newContact();

    expect(await call(spelling(number))).toMatchObject({ status: 200, body: { number } });
  });
});
