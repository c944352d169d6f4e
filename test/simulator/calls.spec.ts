import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { proto, unpadRandomMax16, type BinaryNode } from '@whiskeysockets/baileys';
import { lidJid, WhatsAppSimulator } from './index.js';
import { childrenOf } from './nodes.js';
import { Client } from './testing/client.js';
import { buildOffer, collect, sendCall, terminate, until, type Offer } from './testing/offers.js';
import { quietLibraries } from './testing/quiet.js';

const CALLER = '5511911110000';
const CALLEE = '5511922220000';
const LID = '200000000000001';
const PRIMARY = lidJid(LID);
const COMPANION = lidJid(LID, 12);

describe('calls', () => {
  let simulator: WhatsAppSimulator;
  let caller: Client;

  beforeEach(async () => {
    quietLibraries();
    simulator = await WhatsAppSimulator.start();
    caller = await Client.open(simulator, simulator.preparedCredentials({ number: CALLER }));
  });

  afterEach(async () => {
    caller.end();
    await simulator.close();
  });

  async function place(devices = [PRIMARY]): Promise<{ offer: Offer; ack: BinaryNode | undefined }> {
    const offer = await buildOffer(caller, PRIMARY, devices);
    return { offer, ack: await sendCall(caller, offer.node) };
  }

  const signals = (nodes: BinaryNode[]): string[] =>
    nodes.map((node) => `${childrenOf(node)[0]?.tag ?? ''} ${node.attrs.from ?? ''}`);

  it('acknowledges a correct offer with relay, rung devices and settings', async () => {
    simulator.addContact({ number: CALLEE, lid: LID, devices: [0, 12] });
    const { offer, ack } = await place([PRIMARY, COMPANION]);
    expect(ack?.attrs).toEqual({ class: 'call', type: 'offer', id: offer.node.attrs.id, from: PRIMARY });
    const content = ack ? childrenOf(ack) : [];
    expect(content.map(({ tag }) => tag)).toEqual([
      'relay',
      'user',
      'rte',
      'uploadfieldstat',
      'voip_settings',
    ]);
    expect(content[1]?.content).toMatchObject([{ attrs: { jid: PRIMARY } }, { attrs: { jid: COMPANION } }]);
    expect(simulator.violations).toEqual([]);
  });

  it('lets both devices decrypt the same key and ring until each is told to stop', async () => {
    simulator.addContact({ number: CALLEE, lid: LID, devices: [0, 12] });
    const receipts = collect(caller, 'CB:receipt');
    const calls = collect(caller, 'CB:call');
    const { offer } = await place([PRIMARY, COMPANION]);
    const call = await simulator.waitForCall(({ devices }) =>
      devices.every(({ ringingSince }) => ringingSince),
    );
    expect(call.devices.map(({ callKey }) => callKey)).toEqual([offer.callKey, offer.callKey]);
    expect(call.devices.map(({ encType }) => encType)).toEqual(['pkmsg', 'pkmsg']);
    await until(() => calls.length === 2 && receipts.length === 2);
    expect(receipts.map(({ attrs }) => attrs.id)).toEqual([offer.node.attrs.id, offer.node.attrs.id]);
    expect(signals(calls)).toEqual([`preaccept ${PRIMARY}`, `preaccept ${COMPANION}`]);

    const ack = await sendCall(caller, terminate(caller, offer.callId, PRIMARY, 'timeout'));
    expect(ack?.attrs).toMatchObject({ class: 'call', type: 'terminate' });
    expect(call.devices[0]).toMatchObject({ terminateReason: 'timeout', ringStoppedAt: expect.any(Number) });
    expect(call.devices[1]?.ringStoppedAt).toBeUndefined(); // the bare LID names the primary only
    await sendCall(caller, terminate(caller, offer.callId, COMPANION));
    expect(call.devices[1]).toMatchObject({ terminateReason: '', ringStoppedAt: expect.any(Number) });
    expect(simulator.violations).toEqual([]);
  });

  it('goes from pkmsg on to decrypt later calls of the same session', async () => {
    simulator.addContact({ number: CALLEE, lid: LID });
    const first = await place();
    const second = await place();
    const call = await simulator.waitForCall(
      ({ callId, devices }) => callId === second.offer.callId && !!devices[0]?.callKey,
    );
    expect(call.devices[0]?.callKey).toEqual(second.offer.callKey);
    expect(second.offer.callKey).not.toEqual(first.offer.callKey);
    expect(simulator.violations).toEqual([]);
  });

  it('decrypts on after the caller opened a new session, and libsignal has nothing to print', async () => {
    simulator.addContact({ number: CALLEE, lid: LID });
    for (let round = 0; round < 3; round++) {
      await caller.sock.assertSessions([PRIMARY], true);
      const { offer } = await place();
      const call = await simulator.waitForCall(
        ({ callId, devices }) => callId === offer.callId && !!devices[0]?.callKey,
      );
      expect(call.devices[0]).toMatchObject({ callKey: offer.callKey, encType: 'pkmsg' });
    }
    expect(simulator.violations).toEqual([]);
    expect(jest.mocked(console.warn)).not.toHaveBeenCalled();
  });

  it('hands out bare bundles that encrypt but are never decrypted, when asked to', async () => {
    simulator.addContact({ number: CALLEE, lid: LID, decrypts: false });
    await place();
    const call = await simulator.waitForCall(({ devices }) => !!devices[0]?.ringingSince);
    expect(call.devices[0]?.callKey).toBeUndefined();
    expect(simulator.violations).toEqual([]);
  });

  it('rejects with reason enc, as a phone does, when the key does not decrypt', async () => {
    simulator.addContact({ number: CALLEE, lid: LID });
    const calls = collect(caller, 'CB:call');
    const offer = await buildOffer(caller, PRIMARY, [PRIMARY]);
    const destination = childrenOf(offer.child).find(({ tag }) => tag === 'destination');
    const enc = destination && childrenOf(destination)[0]?.content;
    const [encNode] = Array.isArray(enc) ? enc : [];
    if (encNode?.content instanceof Uint8Array) encNode.content = Buffer.from(encNode.content).reverse();
    await sendCall(caller, offer.node);
    await until(() => calls.length === 1);
    expect(childrenOf(calls[0] ?? offer.node)[0]).toMatchObject({ tag: 'reject', attrs: { reason: 'enc' } });
    expect(simulator.violations).toEqual([expect.stringContaining('could not decrypt')]);
  });

  describe('with scripted callees', () => {
    it.each([
      [{ kind: 'silent' }, 0, []],
      [{ kind: 'receipt', afterMs: 10 }, 1, []],
      [{ kind: 'rings', afterMs: 10 }, 1, ['preaccept']],
      [{ kind: 'rejects', reason: 'busy', afterMs: 10 }, 1, ['reject']],
      [{ kind: 'rejects', afterMs: 20, ringsFirst: true }, 1, ['preaccept', 'reject']],
      [{ kind: 'accepts', afterMs: 20 }, 1, ['preaccept', 'accept']],
      [{ kind: 'hangs-up', afterMs: 20 }, 1, ['preaccept', 'terminate']],
    ] as const)('plays %j', async (behaviour, receiptCount, tags) => {
      simulator.addContact({ number: CALLEE, lid: LID, behaviour });
      const receipts = collect(caller, 'CB:receipt');
      const calls = collect(caller, 'CB:call');
      await place();
      await until(() => calls.length === tags.length && receipts.length === receiptCount);
      await new Promise((resolve) => setTimeout(resolve, 40)); // nothing more may follow
      expect(signals(calls)).toEqual(tags.map((tag) => `${tag} ${PRIMARY}`));
      expect(receipts).toHaveLength(receiptCount);
    });

    it('keeps quiet once it was told to stop', async () => {
      simulator.addContact({ number: CALLEE, lid: LID, behaviour: { kind: 'accepts', afterMs: 80 } });
      const calls = collect(caller, 'CB:call');
      const { offer } = await place();
      await until(() => calls.length === 1);
      await sendCall(caller, terminate(caller, offer.callId, PRIMARY));
      await new Promise((resolve) => setTimeout(resolve, 120));
      expect(signals(calls)).toEqual([`preaccept ${PRIMARY}`]);
    });

    it('takes one script per device', async () => {
      const behaviour = { 0: { kind: 'rings' }, 12: { kind: 'rejects', reason: 'uncallable' } } as const;
      simulator.addContact({ number: CALLEE, lid: LID, devices: [0, 12], behaviour });
      const calls = collect(caller, 'CB:call');
      await place([PRIMARY, COMPANION]);
      await until(() => calls.length === 2);
      expect(signals(calls).sort()).toEqual([`preaccept ${PRIMARY}`, `reject ${COMPANION}`].sort());
    });
  });

  describe('with scripted acks', () => {
    beforeEach(() => simulator.addContact({ number: CALLEE, lid: LID }));

    it('can acknowledge with no content', async () => {
      simulator.scriptNextOfferAck('ok-empty');
      const { ack } = await place();
      expect(ack?.content).toBeUndefined();
      await simulator.waitForCall(({ devices }) => !!devices[0]?.ringingSince);
    });

    it('can refuse with an error attribute or an error child, and rings nobody', async () => {
      simulator.scriptNextOfferAck({ errorAttribute: 406 });
      simulator.scriptNextOfferAck({ errorChild: 404 });
      const attribute = await place();
      expect(attribute.ack?.attrs.error).toBe('406');
      const child = await place();
      expect(child.ack?.attrs.error).toBeUndefined();
      expect(child.ack?.content).toMatchObject([{ tag: 'error', attrs: { code: '404' } }]);
      expect(simulator.calls).toMatchObject([
        { acked: false, ackError: 406 },
        { acked: false, ackError: 404 },
      ]);
      expect(simulator.calls.flatMap(({ devices }) => devices).some(({ ringingSince }) => ringingSince)).toBe(
        false,
      );
    });

    it('can keep silent', async () => {
      simulator.scriptNextOfferAck('silent');
      const offer = await buildOffer(caller, PRIMARY, [PRIMARY]);
      expect(await sendCall(caller, offer.node, 150)).toBeUndefined();
      expect(simulator.calls[0]).toMatchObject({ acked: false });
    });

    it('can close the connection instead', async () => {
      simulator.scriptNextOfferAck('close');
      const offer = await buildOffer(caller, PRIMARY, [PRIMARY]);
      await caller.sock.sendNode(offer.node);
      expect(await caller.closed()).toBe(428);
    });

    it('can acknowledge late, after the receipts', async () => {
      simulator.scriptNextOfferAck({ delayMs: 100 });
      const receipts = collect(caller, 'CB:receipt');
      const startedAt = Date.now();
      const { ack } = await place();
      expect(ack?.attrs.error).toBeUndefined();
      expect(Date.now() - startedAt).toBeGreaterThanOrEqual(95);
      expect(receipts).toHaveLength(1);
    });

    it('uses the ack of the contact when none is scripted', async () => {
      simulator.addContact({ number: CALLEE, lid: LID, ack: { errorAttribute: 463 } });
      const { ack } = await place();
      expect(ack?.attrs.error).toBe('463');
    });
  });

  it('switches a call between two real sockets, which understand each other', async () => {
    const callee = await Client.open(simulator, simulator.preparedCredentials({ number: CALLEE, lid: LID }));
    const atCallee = collect(callee, 'CB:call');
    const atCaller = collect(caller, 'CB:call');
    const devices = (await caller.sock.getUSyncDevices([PRIMARY], false, false)).map(({ jid }) => jid);
    expect(devices).toEqual([PRIMARY, callee.lid]);
    const { offer, ack } = await place(devices);
    expect(ack?.attrs.error).toBeUndefined();

    await until(() => atCallee.length === 1);
    const [received] = atCallee;
    const [child] = received ? childrenOf(received) : [];
    expect(received?.attrs).toMatchObject({ from: caller.lid, id: offer.node.attrs.id });
    expect(child?.attrs).toMatchObject({ 'call-creator': caller.lid, caller_pn: `${CALLER}@s.whatsapp.net` });
    const enc = child && childrenOf(child).find(({ tag }) => tag === 'enc');
    expect(childrenOf(child ?? offer.child).map(({ tag }) => tag)).not.toContain('destination');
    if (!(enc?.content instanceof Uint8Array)) throw new Error('no key was delivered');
    const padded = await callee.sock.signalRepository.decryptMessage({
      jid: caller.lid,
      type: 'pkmsg',
      ciphertext: enc.content,
    });
    const { call } = proto.Message.decode(unpadRandomMax16(padded));
    expect(Buffer.from(call?.callKey ?? [])).toEqual(offer.callKey);

    const receipts = collect(caller, 'CB:receipt');
    const receiptChild = { tag: 'offer', attrs: { 'call-id': offer.callId, 'call-creator': caller.lid } };
    const receiptAttrs = { to: caller.lid, id: received?.attrs.id ?? '' };
    await callee.sock.sendNode({ tag: 'receipt', attrs: receiptAttrs, content: [receiptChild] });
    await until(() =>
      receipts.some(({ attrs }) => attrs.from === callee.lid && attrs.id === offer.node.attrs.id),
    );

    const answer = (tag: string): BinaryNode => ({
      tag: 'call',
      attrs: { to: caller.lid, id: callee.sock.generateMessageTag() },
      content: [{ tag, attrs: { 'call-id': offer.callId, 'call-creator': caller.lid } }],
    });
    for (const tag of ['preaccept', 'accept']) {
      expect((await sendCall(callee, answer(tag)))?.attrs).toMatchObject({ class: 'call', type: tag });
    }
    await until(() => atCaller.length === 2);
    expect(signals(atCaller)).toEqual([`preaccept ${callee.lid}`, `accept ${callee.lid}`]);
    await sendCall(caller, terminate(caller, offer.callId, callee.lid));
    await until(() => atCallee.length === 2);
    expect(signals(atCallee)[1]).toBe(`terminate ${caller.lid}`);
    const device = simulator.calls[0]?.devices.find(({ jid }) => jid === callee.lid);
    expect(device).toMatchObject({
      acceptedAt: expect.any(Number),
      terminateStanzaIds: [expect.any(String)],
    });
    expect(simulator.violations).toEqual([]);
    callee.end();
  });

  it('carries an incoming call to a linked session and takes its reject', async () => {
    simulator.addContact({ number: CALLEE, lid: LID });
    const calls = collect(caller, 'CB:call');
    const callId = simulator.sendCallTo(CALLER, { from: CALLEE, kind: 'offer' });
    await until(() => calls.length === 1);
    await caller.sock.rejectCall(callId, PRIMARY);
    simulator.sendCallTo(CALLER, { from: CALLEE, kind: 'terminate', callId, reason: 'timeout' });
    await until(() => calls.length === 2);
    expect(signals(calls)).toEqual([`offer ${PRIMARY}`, `terminate ${PRIMARY}`]);
    expect(simulator.violations).toEqual([]);
  });
});
