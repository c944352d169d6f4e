import {
  BufferJSON,
  makeWASocket,
  WA_CERT_DETAILS,
  type AuthenticationCreds,
  type WASocket,
} from '@whiskeysockets/baileys';
import { memoryKeyStore } from '../../test/simulator/index.js';
import { silentLogger } from '../../test/simulator/silent-logger.js';
import { atFixedRate } from '../support/fixed-rate.js';
import { serveParent } from '../support/remote.js';
import { BareCaller } from './bare-caller.js';
import type { PlacedCalls } from './call-outcome.js';
import { callerOf, FIRST_CALLEE } from './call-plan.js';

/** Baileys as it comes from npm, credentials and keys in memory and nothing around it: what the product is compared with. */
const { SIMULATOR_URL = '', SIMULATOR_ROOT_KEY = '' } = process.env;
WA_CERT_DETAILS.PUBLIC_KEY = Buffer.from(SIMULATOR_ROOT_KEY, 'hex');
const OPEN_TIMEOUT_MS = 120_000;

const callers: BareCaller[] = [];
let placed = 0;

function open(text: string): Promise<WASocket> {
  const creds = JSON.parse(text, BufferJSON.reviver) as AuthenticationCreds;
  const socket = makeWASocket({
    auth: { creds, keys: memoryKeyStore() },
    logger: silentLogger,
    waWebSocketUrl: SIMULATOR_URL,
  });
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error('a socket did not open')), OPEN_TIMEOUT_MS);
    socket.ev.on('connection.update', ({ connection, lastDisconnect }) => {
      if (connection === 'open') {
        clearTimeout(timer);
        resolve(socket);
      } else if (connection === 'close') {
        reject(new Error(`a socket closed: ${lastDisconnect?.error?.message ?? ''}`));
      }
    });
  });
}

export interface BareCalls {
  readonly count: number;
  readonly perSecond: number;
  readonly ringSeconds: number;
  /** Callees, each with a caller of its own where there are enough. */
  readonly pairs: number;
}

const handlers = {
  open: async ({ credentials, atOnce }: { credentials: string[]; atOnce: number }) => {
    const waiting = credentials.values();
    const worker = async () => {
      for (const text of waiting) callers.push(new BareCaller(await open(text)));
    };
    await Promise.all(Array.from({ length: atOnce }, worker));
    return callers.filter(({ socket }) => socket.ws.isOpen).length;
  },

  /** Answers when all phones were told to stop. */
  call: async ({ count, perSecond, ringSeconds, pairs }: BareCalls): Promise<PlacedCalls> => {
    placed = 0;
    const sinceMs = Date.now();
    const answers = await atFixedRate({ count, perSecond }, (index) => {
      placed += 1;
      const pair = index % pairs;
      const caller = callers[callerOf(pair, pairs, callers.length)];
      if (!caller) throw new TypeError('There is nobody to call');
      return caller.call(String(FIRST_CALLEE + pair), ringSeconds);
    });
    return { sinceMs, ringSeconds, answers };
  },

  /** Calls of the `call` that is at work. */
  placed: (_: null) => placed,
};

export type BareHandlers = typeof handlers;

serveParent(handlers);
