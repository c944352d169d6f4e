import {
  BufferJSON,
  makeWASocket,
  WA_CERT_DETAILS,
  type AuthenticationCreds,
  type WASocket,
} from '@whiskeysockets/baileys';
import { memoryKeyStore } from '../../test/simulator/index.js';
import { silentLogger } from '../../test/simulator/silent-logger.js';
import { serveParent } from '../support/remote.js';

/** Baileys as it comes from npm, credentials and keys in memory and nothing around it: what the product is compared with. */
const { SIMULATOR_URL = '', SIMULATOR_ROOT_KEY = '' } = process.env;
WA_CERT_DETAILS.PUBLIC_KEY = Buffer.from(SIMULATOR_ROOT_KEY, 'hex');
const OPEN_TIMEOUT_MS = 120_000;

const sockets: WASocket[] = [];

function open(text: string): Promise<void> {
  const creds = JSON.parse(text, BufferJSON.reviver) as AuthenticationCreds;
  const socket = makeWASocket({
    auth: { creds, keys: memoryKeyStore() },
    logger: silentLogger,
    waWebSocketUrl: SIMULATOR_URL,
  });
  sockets.push(socket);
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error('a socket did not open')), OPEN_TIMEOUT_MS);
    socket.ev.on('connection.update', ({ connection, lastDisconnect }) => {
      if (connection === 'open') {
        clearTimeout(timer);
        resolve();
      } else if (connection === 'close') {
        reject(new Error(`a socket closed: ${lastDisconnect?.error?.message ?? ''}`));
      }
    });
  });
}

const handlers = {
  open: async ({ credentials, atOnce }: { credentials: string[]; atOnce: number }) => {
    const waiting = credentials.values();
    const worker = async () => {
      for (const text of waiting) await open(text);
    };
    await Promise.all(Array.from({ length: atOnce }, worker));
    return sockets.filter(({ ws }) => ws.isOpen).length;
  },
};

export type BareHandlers = typeof handlers;

serveParent(handlers);
