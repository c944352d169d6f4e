import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { initAuthCreds, ReachoutTimelockEnforcementType, type BinaryNode } from '@whiskeysockets/baileys';
import { derivedLid, isValidSignature, lidJid, WhatsAppSimulator } from './index.js';
import { bytesOf, childOf, childrenOf } from './nodes.js';
import { Client } from './testing/client.js';
import { quietLibraries } from './testing/quiet.js';

const CALLER = '5511911110000';
const CALLEE = '5511922220000';
const LID = '200000000000001';

describe('the directory', () => {
  let simulator: WhatsAppSimulator;
  let client: Client;

  beforeEach(async () => {
    quietLibraries();
    simulator = await WhatsAppSimulator.start();
    client = await Client.open(simulator, simulator.preparedCredentials({ number: CALLER }));
  });

  afterEach(async () => {
    client.end();
    await simulator.close();
  });

  const lidOf = (number: string): Promise<string | null> =>
    client.sock.signalRepository.lidMapping.getLIDForPN(`${number}@s.whatsapp.net`);
  const devicesOf = async (jid: string): Promise<string[]> =>
    (await client.sock.getUSyncDevices([jid], false, false)).map((device) => device.jid);

  async function fetchBundles(jids: string[]): Promise<BinaryNode[]> {
    const answer: unknown = await client.sock.query({
      tag: 'iq',
      attrs: { xmlns: 'encrypt', type: 'get', to: '@s.whatsapp.net' },
      content: [{ tag: 'key', attrs: {}, content: jids.map((jid) => ({ tag: 'user', attrs: { jid } })) }],
    });
    if (!isNode(answer)) throw new Error('no key answer');
    const list = childOf(answer, 'list');
    return list ? childrenOf(list) : [];
  }

  it('knows who is on WhatsApp, and under which number', async () => {
    simulator.addContact({ number: '551187654321', aliases: ['5511987654321'] });
    expect(await client.sock.onWhatsApp('5511987654321')).toEqual([
      { jid: '551187654321@s.whatsapp.net', exists: true },
    ]);
    expect(await client.sock.onWhatsApp('5511900000000')).toEqual([]); // Baileys drops those with type=out
  });

  it.each(['05511900000000', '005511900000000', '551190', '5511900000000000'])(
    'reports whoever asks for %s, which is no number',
    async (digits) => {
      await expect(client.sock.onWhatsApp(digits)).rejects.toThrow();
      expect(simulator.violations).toEqual([expect.stringContaining('which is no number')]);
    },
  );

  it('answers for a LID that nobody has with no devices, or with an error', async () => {
    expect(await devicesOf('999999999999999@lid')).toEqual([]);
    simulator.refusesUnknownLids = true;
    await expect(devicesOf('999999999999999@lid')).rejects.toMatchObject({ data: 404 });
    expect(simulator.violations).toEqual([]);
  });

  it('gives the LID of a number, when it knows one', async () => {
    simulator.addContact({ number: CALLEE, lid: LID });
    simulator.addContact({ number: '5511933330000' });
    simulator.addContact({ number: '5511944440000', lid: null });
    expect(await lidOf(CALLEE)).toBe(lidJid(LID));
    expect(await lidOf('5511933330000')).toBe(lidJid(derivedLid('5511933330000')));
    expect(await lidOf('5511944440000')).toBeNull();
  });

  it('lists the devices of a LID, hosted ones marked', async () => {
    simulator.addContact({ number: CALLEE, lid: LID, devices: [0, 12, 99] });
    simulator.addContact({ number: '5511933330000', lid: '300000000000001', devices: [] });
    expect(await devicesOf(lidJid(LID))).toEqual([lidJid(LID), lidJid(LID, 12), lidJid(LID, 99)]);
    expect(await devicesOf('300000000000001@lid')).toEqual([]);
  });

  it('hands out each one-time key once', async () => {
    simulator.addContact({ number: CALLEE, lid: LID });
    const [first] = await fetchBundles([lidJid(LID)]);
    const [second] = await fetchBundles([lidJid(LID)]);
    const keyOf = (node: BinaryNode | undefined): string | undefined => {
      const key = node && childOf(node, 'key');
      return bytesOf(key && childOf(key, 'value'))?.toString('hex');
    };
    expect(keyOf(first)).toMatch(/^[0-9a-f]{64}$/);
    expect(keyOf(second)).not.toBe(keyOf(first));
  });

  it('can break, leave out or falsify the keys of single devices', async () => {
    simulator.addContact({
      number: CALLEE,
      lid: LID,
      devices: [0, 11, 12, 13],
      brokenBundles: [11],
      silentBundles: [12],
      badSignatureBundles: [13],
    });
    const bundles = await fetchBundles([0, 11, 12, 13].map((id) => lidJid(LID, id))).catch(
      (error: unknown) => error,
    );
    if (!Array.isArray(bundles)) throw bundles;
    const nodes = bundles.filter(isNode);
    expect(nodes.map(({ attrs }) => attrs.jid)).toEqual([lidJid(LID), lidJid(LID, 11), lidJid(LID, 13)]);
    expect(nodes.map((node) => isSigned(node))).toEqual([true, undefined, false]);
    expect(childrenOf(nodes[1] ?? { tag: '', attrs: {} })).toMatchObject([
      { tag: 'error', attrs: { code: '404' } },
    ]);
  });

  it('stores uploaded keys, counts them, and hands them to others until they run out', async () => {
    const phone = simulator.addPhone({ number: CALLEE, lid: LID });
    const pairing = Client.start(simulator, initAuthCreds());
    const { jid, lid } = await phone.scanQr(await pairing.qr());
    await pairing.closed();
    pairing.creds.accountSyncCounter = 1;
    const companion = Client.start(simulator, pairing.creds, { keys: pairing.keys });
    await companion.opened();
    expect(simulator.preKeyCount(jid)).toBe(812);
    const [bundle] = await fetchBundles([lid]);
    expect(bundle && isSigned(bundle)).toBe(true);
    expect(simulator.preKeyCount(lid)).toBe(811);
    await companion.sock.rotateSignedPreKey();
    const [rotated] = await fetchBundles([lid]);
    const idOf = (node: BinaryNode | undefined): string | undefined => {
      const skey = node && childOf(node, 'skey');
      return bytesOf(skey && childOf(skey, 'id'))?.toString('hex');
    };
    expect([idOf(bundle), idOf(rotated)]).toEqual(['000001', '000002']);
    expect(simulator.violations).toEqual([]);
    companion.end();
  });

  it('lets a contact issue a trust token, which the session keeps under the LID', async () => {
    simulator.addContact({ number: CALLEE, lid: LID });
    const token = simulator.trustTokens.send(CALLER, CALLEE);
    const stored = async (): Promise<Buffer | undefined> => {
      const found = await client.keys.get('tctoken', [lidJid(LID)]);
      return found[lidJid(LID)]?.token;
    };
    const deadline = Date.now() + 2_000;
    while (!(await stored()) && Date.now() < deadline) await new Promise((resolve) => setTimeout(resolve, 5));
    expect(await stored()).toEqual(token);
  });

  it('answers what a session asks for by itself and on demand', async () => {
    const { sock } = client;
    expect(await sock.fetchBlocklist()).toEqual([]);
    expect(await sock.fetchPrivacySettings(true)).toMatchObject({ calladd: 'all' });
    simulator.addContact({ number: CALLEE, lid: LID });
    await sock.issuePrivacyTokens([lidJid(LID)]);
    expect(simulator.trustTokens.issuedBy(CALLER)).toMatchObject([{ to: CALLEE }]);
    expect(await sock.fetchAccountReachoutTimelock()).toMatchObject({ isActive: false });
    const until = Math.floor(Date.now() / 1000) + 600;
    simulator.limits.lockReachout(CALLER, until);
    const lock = await sock.fetchAccountReachoutTimelock();
    expect(lock.timeEnforcementEnds?.getTime()).toBe(until * 1000);
    expect(lock.enforcementType).not.toBe(ReachoutTimelockEnforcementType.DEFAULT);
    await sock.fetchNewChatMessageCap();
    expect(simulator.violations).toEqual([]);
  });
});

function isNode(value: unknown): value is BinaryNode {
  return typeof value === 'object' && value !== null && 'tag' in value && 'attrs' in value;
}

/** Whether the signed pre-key of a bundle holds; `undefined` when there is none. */
function isSigned(bundle: BinaryNode): boolean | undefined {
  const skey = childOf(bundle, 'skey');
  const identity = bytesOf(childOf(bundle, 'identity'));
  const value = bytesOf(skey && childOf(skey, 'value'));
  const signature = bytesOf(skey && childOf(skey, 'signature'));
  if (!identity || !value || !signature) return undefined;
  return isValidSignature(identity, Buffer.concat([Buffer.from([5]), value]), signature);
}
