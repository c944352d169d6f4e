import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { Curve, initAuthCreds } from '@whiskeysockets/baileys';
import { isValidSignature, WhatsAppSimulator, type StanzaRecord } from './index.js';
import { Client } from './testing/client.js';
import { quietLibraries } from './testing/quiet.js';

const NUMBER = '5511911112222';

const isPasskeyRequest = ({ direction, node }: StanzaRecord): boolean =>
  direction === 'out' && node.attrs.type === 'passkey_prologue_request';

describe('pairing a companion', () => {
  let simulator: WhatsAppSimulator;
  const clients: Client[] = [];

  beforeEach(async () => {
    quietLibraries();
    simulator = await WhatsAppSimulator.start();
  });

  afterEach(async () => {
    for (const client of clients.splice(0)) client.end();
    await simulator.close();
  });

  function start(creds = initAuthCreds()): Client {
    const client = Client.start(simulator, creds);
    clients.push(client);
    return client;
  }

  it('links by QR code, asks for a restart, and lets the companion log in', async () => {
    const client = start();
    const phone = simulator.addPhone({ number: NUMBER, lid: '123456789012345' });
    const linked = await phone.scanQr(await client.qr());
    expect(linked).toEqual({ jid: `${NUMBER}:1@s.whatsapp.net`, lid: '123456789012345:1@lid' });
    expect(await client.closed()).toBe(515);

    const { creds } = client;
    creds.accountSyncCounter = 1;
    const again = start(creds);
    await again.opened();
    expect(creds.me).toMatchObject({ id: linked.jid, lid: linked.lid });
    expect(simulator.sessions).toMatchObject([{ jid: linked.jid, lid: linked.lid, number: NUMBER }]);
    expect(simulator.loginCount(NUMBER)).toBe(1);
    expect(simulator.preKeyCount(linked.jid)).toBe(812);
    expect(simulator.violations).toEqual([]);
  });

  it('presents a certificate chain and signatures that a strict client accepts', async () => {
    const strict = jest
      .spyOn(Curve, 'verify')
      .mockImplementation((key, message, signature) => isValidSignature(key, message, signature));
    const client = start();
    await simulator.addPhone({ number: NUMBER }).scanQr(await client.qr());
    expect(await client.closed()).toBe(515);
    expect(strict.mock.results.map(({ value }) => value)).toEqual([true, true, true]); // leaf, intermediate, account
  });

  it('sends an unpaired client nothing but the refs', async () => {
    const client = start();
    await client.qr();
    const sent = simulator.stanzas.filter(({ direction }) => direction === 'out');
    expect(sent.map(({ node }) => node.tag)).toEqual(['iq']);
    expect(sent[0]?.node.content).toMatchObject([{ tag: 'pair-device' }]);
  });

  it('takes a QR code only once, and only while it is shown', async () => {
    const client = start();
    const phone = simulator.addPhone({ number: NUMBER });
    const qr = await client.qr();
    await phone.scanQr(qr);
    await expect(phone.scanQr(qr)).rejects.toThrow('unknown, expired or already used');
    const gone = start();
    const expired = await gone.qr();
    gone.end();
    await gone.closed();
    await expect(phone.scanQr('https://example.org/#a,b,c,d,e')).rejects.toThrow('not a linking QR code');
    await new Promise((resolve) => setTimeout(resolve, 50));
    await expect(phone.scanQr(expired)).rejects.toThrow('unknown, expired or already used');
  });

  it('links by code, with a wrong code refused first', async () => {
    const client = start();
    const phone = simulator.addPhone({ number: NUMBER });
    await client.qr();
    await expect(phone.enterPairingCode('ABCD1234')).rejects.toThrow('no companion waits');
    const code = await client.sock.requestPairingCode(NUMBER);
    await simulator.waitForStanza(({ node }) => node.attrs.type === 'result' && node.content !== undefined);
    await expect(phone.enterPairingCode(code === 'ABCD1234' ? 'ABCD1235' : 'ABCD1234')).rejects.toThrow(
      'code is wrong',
    );
    const linked = await phone.enterPairingCode(code);
    expect(await client.closed()).toBe(515);
    client.creds.accountSyncCounter = 1;
    const again = start(client.creds);
    await again.opened();
    expect(again.creds.me?.id).toBe(linked.jid);
    expect(simulator.violations).toEqual([]);
  });

  it('asks for a passkey, with the options of the real server, instead of linking an account that needs one', async () => {
    const client = start();
    const phone = simulator.addPhone({ number: NUMBER, asksForPasskey: true });
    const qr = await client.qr();
    await expect(phone.scanQr(qr)).rejects.toThrow('WhatsApp asks for the passkey of this account');
    const { node } = await simulator.waitForStanza(isPasskeyRequest);
    expect(node.attrs.from).toBe('s.whatsapp.net');
    const options = Array.isArray(node.content) ? node.content[0]?.content : undefined;
    if (!Buffer.isBuffer(options)) throw new Error('there are no options');
    expect(JSON.parse(options.toString())).toMatchObject({ rpId: 'whatsapp.com', timeout: 600_000 });
    await expect(phone.scanQr(qr)).rejects.toThrow('unknown, expired or already used');

    simulator.addPhone({ number: NUMBER, asksForPasskey: false });
    await phone.scanQr(await start().qr());
    expect(simulator.violations).toEqual([]);
  });

  it.each([[true], ['early']] as const)(
    'asks for a passkey when linking by code (%j)',
    async (asksForPasskey) => {
      const client = start();
      const phone = simulator.addPhone({ number: NUMBER, asksForPasskey });
      await client.qr();
      const code = await client.sock.requestPairingCode(NUMBER);
      await simulator.waitForStanza(({ node }) => node.attrs.type === 'result' && node.content !== undefined);
      await expect(phone.enterPairingCode(code)).rejects.toThrow('WhatsApp asks for the passkey');
      const { node } = await simulator.waitForStanza(isPasskeyRequest);
      // Unlike in QR mode, the library acknowledges it by itself, the forerunner without a key included.
      await simulator.waitForStanza(
        (stanza) => stanza.node.tag === 'ack' && stanza.node.attrs.id === node.attrs.id,
      );
      expect(simulator.violations).toEqual([]);
    },
  );

  it.each([
    ['passkey' as const, 'notification'],
    ['silence' as const, undefined],
  ])('sends %s in place of QR refs when told to', async (code, tag) => {
    simulator.refuseLinking({ at: 'connect', code });
    const client = start();
    if (tag) await simulator.waitForStanza(isPasskeyRequest);
    else
      await simulator
        .waitForStanza(({ node }) => node.tag === 'iq', { timeoutMs: 500 })
        .catch(() => undefined);
    expect(
      simulator.stanzas.filter(({ direction }) => direction === 'out').map(({ node }) => node.tag),
    ).toEqual(tag ? [tag] : []);
    client.end();
  });

  it('gives each companion of a phone a device id of its own', async () => {
    const phone = simulator.addPhone({ number: NUMBER });
    const first = await phone.scanQr(await start().qr());
    const second = await phone.scanQr(await start().qr());
    expect([first.jid, second.jid]).toEqual([`${NUMBER}:1@s.whatsapp.net`, `${NUMBER}:2@s.whatsapp.net`]);
  });
});
