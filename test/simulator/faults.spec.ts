import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { encodeBinaryNode, type BinaryNode } from '@whiskeysockets/baileys';
import { WhatsAppSimulator } from './index.js';
import { Client } from './testing/client.js';
import { until } from './testing/offers.js';
import { quietLibraries } from './testing/quiet.js';

const NUMBER = '5511911110000';

describe('faults on request', () => {
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

  function start(creds = simulator.preparedCredentials({ number: NUMBER })): Client {
    const client = Client.start(simulator, creds);
    clients.push(client);
    return client;
  }

  async function open(): Promise<Client> {
    const client = start();
    await client.opened();
    return client;
  }

  it.each([
    [{ kind: 'stream-error', code: 515 }, 515],
    [{ kind: 'stream-error', code: 516 }, 516],
    [{ kind: 'stream-error', code: 503 }, 503],
    [{ kind: 'replaced' }, 440],
    [{ kind: 'device-removed' }, 401],
    [{ kind: 'close' }, 428],
  ] as const)('ends a session with %j, which the client sees as %i', async (fault, code) => {
    const client = await open();
    expect(simulator.disconnect(NUMBER, fault)).toBe(1);
    expect(await client.closed()).toBe(code);
    await until(() => simulator.sessions.length === 0);
  });

  it('can send bytes that the client cannot decrypt', async () => {
    const client = await open();
    const frames: Buffer[] = [];
    client.sock.ws.removeAllListeners('message'); // Baileys itself rejects a promise that nobody holds
    client.sock.ws.on('message', (data: Buffer) => frames.push(data));
    simulator.disconnect(NUMBER, { kind: 'garbage' });
    await until(() => frames.some((bytes) => bytes.subarray(3).every((byte) => byte === 0xa5)));
    const garbage = frames.at(-1);
    expect(garbage?.readUIntBE(0, 3)).toBe((garbage?.length ?? 0) - 3);
  });

  it('can send stanzas of any shape, and bytes that are none but decrypt', async () => {
    const client = await open();
    const odd: BinaryNode[] = [];
    client.sock.ws.on('CB:odd', (node: BinaryNode) => odd.push(node));
    expect(simulator.push('5511900000000', { tag: 'odd', attrs: {} })).toBe(0);
    expect(simulator.push(NUMBER, { tag: 'odd', attrs: { t: '1' } })).toBe(1);
    expect(simulator.push(NUMBER, encodeBinaryNode({ tag: 'odd', attrs: { t: '2' } }))).toBe(1);
    await until(() => odd.length === 2);
    expect(odd.map(({ attrs }) => attrs.t)).toEqual(['1', '2']);
  });

  it('does not let a removed device log in again', async () => {
    const client = await open();
    simulator.disconnect(NUMBER, { kind: 'device-removed' });
    await client.closed();
    expect(await start(client.creds).closed()).toBe(401);
  });

  it('replaces the older of two sessions with the same credentials', async () => {
    const first = await open();
    const second = start(first.creds);
    await second.opened();
    expect(await first.closed()).toBe(440);
    expect(simulator.sessions).toHaveLength(1);
    expect(simulator.loginCount(NUMBER)).toBe(2);
  });

  it.each([401, 403, 405, 503])('can refuse logins with reason %i, and accept them again', async (reason) => {
    simulator.refuseLogins(NUMBER, { reason });
    const refused = start();
    expect(await refused.closed()).toBe(reason);
    simulator.refuseLogins(NUMBER, undefined);
    await start(refused.creds).opened();
    expect(simulator.loginCount(NUMBER)).toBe(1);
  });

  it('can drop logins of everybody', async () => {
    simulator.refuseLogins(undefined, 'drop');
    expect(await start().closed()).toBe(428);
    expect(simulator.sessions).toEqual([]);
  });

  it('removes the device that logs out', async () => {
    const client = await open();
    await client.sock.logout();
    expect(await client.closed()).toBe(401);
    await until(() => simulator.sessions.length === 0);
    expect(await start(client.creds).closed()).toBe(401);
    expect(simulator.violations).toEqual([]);
  });

  it('refuses a login with a foreign Noise key and tells', async () => {
    const creds = simulator.preparedCredentials({ number: NUMBER });
    const other = simulator.preparedCredentials({ number: '5511922220000' });
    expect(await start({ ...creds, noiseKey: other.noiseKey }).closed()).toBe(401);
    expect(simulator.violations).toEqual([expect.stringContaining('foreign Noise key')]);
  });

  it('can delay all answers, or leave single questions unanswered', async () => {
    const client = await open();
    simulator.addContact({ number: '5511922220000' });
    simulator.delayAnswersMs = 120;
    const startedAt = Date.now();
    await client.sock.onWhatsApp('5511922220000');
    expect(Date.now() - startedAt).toBeGreaterThanOrEqual(115);
    simulator.delayAnswersMs = 0;

    const answerAgain = simulator.ignoreIq(({ attrs }) => attrs.xmlns === 'blocklist');
    await expect(Promise.race([client.sock.fetchBlocklist(), after(100)])).resolves.toBe('nothing');
    answerAgain();
    expect(await client.sock.fetchBlocklist()).toEqual([]);
  });

  it('takes credentials of a run before', async () => {
    const creds = simulator.preparedCredentials({ number: NUMBER, lid: '100000000000001' });
    await simulator.close();
    simulator = await WhatsAppSimulator.start();
    simulator.acceptCredentials(creds);
    await start(creds).opened();
    expect(simulator.sessions).toMatchObject([{ jid: creds.me?.id, lid: '100000000000001:1@lid' }]);
  });

  it('reports logins to those who wait, and the wait ends', async () => {
    const waiting = simulator.waitForLogin(NUMBER);
    await open();
    expect(await waiting).toMatchObject({ number: NUMBER });
    await expect(simulator.waitForLogin(NUMBER, { timeoutMs: 20, times: 2 })).rejects.toThrow(
      'no such login in 20 ms',
    );
  });

  it('keeps no stanzas when it is told not to', async () => {
    await simulator.close();
    simulator = await WhatsAppSimulator.start({ record: false });
    await open();
    expect(simulator.stanzas).toEqual([]);
  });
});

function after(delayMs: number): Promise<string> {
  return new Promise((resolve) => setTimeout(() => resolve('nothing'), delayMs));
}
