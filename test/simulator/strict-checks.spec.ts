import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { encodeSignedDeviceIdentity, type BinaryNode } from '@whiskeysockets/baileys';
import { lidJid, WhatsAppSimulator } from './index.js';
import { childrenOf } from './nodes.js';
import { Client } from './testing/client.js';
import { buildOffer, sendCall, terminate, until, type Offer } from './testing/offers.js';
import { quietLibraries } from './testing/quiet.js';

const CALLER = '5511911110000';
const CALLEE = '5511922220000';
const LID = '200000000000001';
const PRIMARY = lidJid(LID);
const COMPANION = lidJid(LID, 12);

describe('the strict checks of an offer', () => {
  let simulator: WhatsAppSimulator;
  let caller: Client;
  let offer: Offer;

  beforeEach(async () => {
    quietLibraries();
    simulator = await WhatsAppSimulator.start();
    simulator.addContact({ number: CALLEE, lid: LID, devices: [0, 12, 99] });
    simulator.addContact({ number: '5511933330000', lid: '300000000000001' });
    caller = await Client.open(simulator, simulator.preparedCredentials({ number: CALLER }));
    offer = await buildOffer(caller, PRIMARY, [PRIMARY, COMPANION]);
  });

  afterEach(async () => {
    caller.end();
    await simulator.close();
  });

  const content = (): BinaryNode[] => childrenOf(offer.child);
  const child = (tag: string): BinaryNode => {
    const found = content().find((node) => node.tag === tag);
    if (!found) throw new Error(`the offer has no ${tag}`);
    return found;
  };
  const target = (index: number): BinaryNode => {
    const found = childrenOf(child('destination'))[index];
    if (!found) throw new Error('the offer has no such target');
    return found;
  };
  const without = (tag: string): void =>
    void (offer.child.content = content().filter((node) => node.tag !== tag));

  async function expectRefusal(error: string, violation: string): Promise<void> {
    const ack = await sendCall(caller, offer.node);
    expect(ack?.attrs.error).toBe(error);
    expect(simulator.violations).toEqual([expect.stringContaining(violation)]);
    expect(simulator.calls).toEqual([]);
  }

  async function expectSilence(violation: string): Promise<void> {
    expect(await sendCall(caller, offer.node, 150)).toBeUndefined();
    expect(simulator.violations).toEqual([expect.stringContaining(violation)]);
    expect(simulator.calls).toEqual([]);
  }

  it('accepts a trust token as the first child', async () => {
    const token = simulator.trustTokens.send(CALLER, CALLEE);
    offer.child.content = [{ tag: 'privacy', attrs: {}, content: token }, ...content()];
    expect((await sendCall(caller, offer.node))?.attrs.error).toBeUndefined();
    expect(simulator.violations).toEqual([]);
  });

  it.each([
    ['lets a trust token through a time-lock', true, true, undefined],
    ['answers 463 to a stranger during a time-lock', false, true, '463'],
    ['answers 463 to everybody during a time-lock that spares nobody', true, false, '463'],
  ])('%s', async (_, showsToken, sparesContacts, error) => {
    const token = simulator.trustTokens.send(CALLER, CALLEE);
    if (showsToken) offer.child.content = [{ tag: 'privacy', attrs: {}, content: token }, ...content()];
    simulator.limits.lockReachout(CALLER, Math.floor(Date.now() / 1000) + 60, sparesContacts);
    expect((await sendCall(caller, offer.node))?.attrs.error).toBe(error);
    expect(simulator.violations).toEqual([]);
  });

  it('answers 479 to a trust token that the callee never issued', async () => {
    const privacy = { tag: 'privacy', attrs: {}, content: Buffer.from('0102030405', 'hex') };
    offer.child.content = [privacy, ...content()];
    await expectRefusal('479', 'not the token that the callee issued');
  });

  it('answers 439 when encopt comes before destination', async () => {
    const encopt = child('encopt');
    without('encopt');
    offer.child.content = content().flatMap((node) => (node.tag === 'destination' ? [encopt, node] : [node]));
    await expectRefusal('439', 'encopt where destination belongs');
  });

  it.each(['audio', 'net', 'capability', 'destination', 'encopt'])(
    'answers 439 when %s is missing',
    async (tag) => {
      if (tag === 'destination') without('device-identity'); // otherwise the order is judged, which is the same code
      without(tag);
      await expectRefusal('439', 'belongs');
    },
  );

  it('answers 439 to an unknown child', async () => {
    offer.child.content = [...content(), { tag: 'metadata', attrs: {} }];
    await expectRefusal('439', 'unexpected metadata');
  });

  it.each([
    ['audio', 'rate', '44100'],
    ['net', 'medium', '2'],
    ['capability', 'ver', '2'],
    ['encopt', 'keygen', '1'],
  ])('answers 439 when %s has %s=%s', async (tag, attribute, value) => {
    child(tag).attrs[attribute] = value;
    await expectRefusal('439', `${tag} has wrong attributes`);
  });

  it('answers 439 when the call-id does not start with 00', async () => {
    offer.child.attrs['call-id'] = `11${offer.callId.slice(2)}`;
    await expectRefusal('439', 'is not 00 and 30 hex digits');
  });

  it('drops a call stanza without id', async () => {
    delete offer.node.attrs.id;
    await caller.sock.sendNode(offer.node);
    await until(() => simulator.violations.length > 0);
    expect(simulator.violations).toEqual([expect.stringContaining('without id')]);
    expect(simulator.calls).toEqual([]);
  });

  it('drops a pkmsg without device-identity', async () => {
    without('device-identity');
    await expectSilence('no device-identity');
  });

  it('drops an offer whose device-identity lacks the account signature key', async () => {
    const { account } = caller.creds;
    if (!account) throw new Error('not paired');
    child('device-identity').content = encodeSignedDeviceIdentity(account, false);
    await expectSilence('lacks the account signature key');
  });

  it("drops an offer with somebody else's device-identity", async () => {
    const other = simulator.preparedCredentials({ number: '5511944440000' });
    if (!other.account) throw new Error('not paired');
    child('device-identity').content = encodeSignedDeviceIdentity(other.account, true);
    await expectSilence('belongs to another account');
  });

  it('drops an offer whose device-identity is not signed by the device', async () => {
    const { account } = caller.creds;
    if (!account) throw new Error('not paired');
    const forged = { ...account, deviceSignature: Buffer.alloc(64, 1) };
    child('device-identity').content = encodeSignedDeviceIdentity(forged, true);
    await expectSilence('wrong device signature');
  });

  it.each([
    ['a phone number', `${CALLEE}@s.whatsapp.net`],
    ['a device', COMPANION],
  ])('answers 479 to an offer that goes to %s', async (_what, to) => {
    offer.node.attrs.to = to;
    await expectRefusal('479', 'not to a bare LID');
  });

  it('answers 404 to an offer to a LID that nobody has, which is no fault of the client', async () => {
    offer.node.attrs.to = '999999999999999@lid';
    expect((await sendCall(caller, offer.node))?.attrs.error).toBe('404');
    expect(simulator.violations).toEqual([]);
  });

  it('answers 404 to an offer of the account to itself', async () => {
    offer.node.attrs.to = caller.lid.replace(/:\d+@/, '@');
    await expectRefusal('404', 'the account calls itself');
  });

  it.each([
    ['the bare LID', (lid: string) => lid.replace(/:\d+@/, '@')],
    ['the phone number', () => `${CALLER}:1@s.whatsapp.net`],
  ])('answers 479 when the call-creator is %s', async (_what, creator) => {
    offer.child.attrs['call-creator'] = creator(caller.lid);
    await expectRefusal('479', "not the sender's LID device");
  });

  it.each([
    ['in phone number form', `${CALLEE}:12@s.whatsapp.net`, 'is not in LID form'],
    ['that the callee does not have', lidJid(LID, 13), 'is no device of the callee'],
    ['of somebody else', '300000000000001@lid', 'is no device of the callee'],
    ['that is hosted', lidJid(LID, 99), 'hosted device'],
    ['twice', PRIMARY, 'named twice'],
  ])('answers 479 to a device %s', async (_what, jid, violation) => {
    target(1).attrs.jid = jid;
    await expectRefusal('479', violation);
  });

  it.each([
    ['v', '1'],
    ['type', 'skmsg'],
    ['count', 'x'],
  ])('answers 479 to an enc with %s=%s', async (attribute, value) => {
    const [enc] = childrenOf(target(0));
    if (enc) enc.attrs[attribute] = value;
    await expectRefusal('479', `the enc of ${PRIMARY}`);
  });

  it('answers 479 to a device without a key', async () => {
    target(1).content = [];
    await expectRefusal('479', 'has not exactly one enc');
  });

  it('tells when the primary device is written as :0@lid, although it reads the same', async () => {
    offer.node.attrs.to = `${LID}:0@lid`;
    await sendCall(caller, offer.node);
    expect(simulator.violations).toEqual([expect.stringContaining(':0@lid')]);
  });

  it('refuses a call-id that was used before', async () => {
    await sendCall(caller, offer.node);
    const again = await buildOffer(caller, PRIMARY, [PRIMARY]);
    again.child.attrs['call-id'] = offer.callId;
    expect((await sendCall(caller, again.node))?.attrs.error).toBe('304');
    expect(simulator.violations).toEqual([expect.stringContaining('was used before')]);
  });

  it('tells when the devices get different keys', async () => {
    const second = await buildOffer(caller, PRIMARY, [COMPANION]);
    const destination = childrenOf(second.child).find(({ tag }) => tag === 'destination');
    child('destination').content = [target(0), ...(destination ? childrenOf(destination) : [])];
    await sendCall(caller, offer.node);
    await until(() => simulator.violations.length > 0);
    expect(simulator.violations).toEqual([expect.stringContaining('different call keys')]);
  });

  describe('and of a terminate', () => {
    beforeEach(async () => {
      await sendCall(caller, offer.node);
    });

    const expectViolation = (text: string): void =>
      expect(simulator.violations).toEqual([expect.stringContaining(text)]);

    it('tells when it goes to a device that the callee does not have', async () => {
      await sendCall(caller, terminate(caller, offer.callId, lidJid(LID, 13)));
      expectViolation('which is no device of the call');
    });

    it('tells when it goes to a phone number', async () => {
      await sendCall(caller, terminate(caller, offer.callId, `${CALLEE}@s.whatsapp.net`));
      expectViolation('which is no device of the call');
    });

    it('tells when it names an unknown call', async () => {
      await sendCall(caller, terminate(caller, `00${'0'.repeat(30)}`, PRIMARY));
      expectViolation('for an unknown call');
    });

    it('tells when it names the callee as call-creator', async () => {
      const stanza = terminate(caller, offer.callId, PRIMARY);
      for (const node of childrenOf(stanza)) node.attrs['call-creator'] = PRIMARY;
      await sendCall(caller, stanza);
      expectViolation('another call-creator');
    });

    it('tells when two of them share a stanza id', async () => {
      const first = terminate(caller, offer.callId, PRIMARY);
      const second = terminate(caller, offer.callId, COMPANION);
      second.attrs.id = first.attrs.id ?? '';
      await sendCall(caller, first);
      await sendCall(caller, second);
      expectViolation('again');
    });

    it('tells when it has children', async () => {
      const stanza = terminate(caller, offer.callId, PRIMARY);
      for (const node of childrenOf(stanza)) node.content = [{ tag: 'destination', attrs: {} }];
      await sendCall(caller, stanza);
      expectViolation('has children');
    });
  });

  it('records what it cannot handle and answers with an error, so that nobody waits', async () => {
    const iq = { tag: 'iq', attrs: { to: '@s.whatsapp.net', type: 'get', xmlns: 'w:profile:picture' } };
    await expect(caller.sock.query({ ...iq, content: [{ tag: 'picture', attrs: {} }] })).rejects.toThrow(
      'not-implemented',
    );
    expect(simulator.violations).toEqual([
      expect.stringContaining('unhandled iq w:profile:picture get picture'),
    ]);
  });
});
