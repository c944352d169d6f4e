import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import {
  DEFAULT_CONNECTION_CONFIG,
  initAuthCreds,
  type AuthenticationCreds,
  type WAVersion,
} from '@whiskeysockets/baileys';
import { redirectWeb } from '../support/redirected-web.js';
import { WhatsAppSimulator } from './index.js';
import { Client } from './testing/client.js';
import { quietLibraries } from './testing/quiet.js';

const NUMBER = '5511911110000';
const [MAJOR, MINOR, REVISION] = DEFAULT_CONNECTION_CONFIG.version;
const REFUSED = 405;

describe('versions of clients', () => {
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

  function start(version: WAVersion, creds: AuthenticationCreds): Client {
    const client = Client.start(simulator, creds, { version });
    clients.push(client);
    return client;
  }

  const linked = () => simulator.preparedCredentials({ number: NUMBER });

  it('are refused below the one that is required, when they log in and when they want to be linked', async () => {
    simulator.versions.require(REVISION + 1);
    for (const creds of [linked(), initAuthCreds()]) {
      await expect(start([MAJOR, MINOR, REVISION], creds).closed()).resolves.toBe(REFUSED);
    }
    await start([MAJOR, MINOR, REVISION + 1], linked()).opened();
    await start([MAJOR, MINOR, REVISION + 2], initAuthCreds()).qr();
    expect(simulator.violations).toEqual([]);
  });

  it.each([
    ['refuse', REFUSED],
    ['close', 428],
  ] as const)('end when the required one is raised (%s), and the newer stay', async (how, code) => {
    const [old, unlinked] = [
      start([MAJOR, MINOR, REVISION], linked()),
      start([MAJOR, MINOR, REVISION], initAuthCreds()),
    ];
    const newer = start([MAJOR, MINOR, REVISION + 1], linked());
    await Promise.all([old.opened(), unlinked.qr(), newer.opened()]);
    expect(simulator.versions.require(REVISION + 1, how)).toBe(2);
    await expect(old.closed()).resolves.toBe(code);
    await expect(unlinked.closed()).resolves.toBe(code);
    expect(newer.sock.ws.isOpen).toBe(true);
  });

  it('that no WhatsApp Web has are a fault of the client', async () => {
    await expect(start([2, 2413, REVISION], linked()).closed()).resolves.toBe(REFUSED);
    expect(simulator.violations).toEqual([`unpaired: the client version is 2.2413.${REVISION}`]);
  });

  it('stand in a file that only browsers get over TLS, of the right host', async () => {
    const end = redirectWeb(simulator.versions.serviceWorker);
    try {
      const { get } = await import('node:https');
      const headers = { 'User-Agent': 'curl/8' };
      await new Promise((resolve, reject) => {
        get('https://web.whatsapp.com/other.js', { headers }, (response) => {
          response.resume().on('end', resolve);
        }).on('error', reject);
      });
    } finally {
      end();
    }
    expect(simulator.versions.serviceWorker.requests).toEqual([
      { at: expect.any(Number), path: '/other.js' },
    ]);
    expect(simulator.violations).toEqual([
      'unpaired: GET /other.js is not the service worker',
      'unpaired: the service worker is asked for by something that is no browser',
    ]);
  });
});
