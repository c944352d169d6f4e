import { BufferJSON } from '@whiskeysockets/baileys';
import { WhatsAppSimulator, type CallRecord } from '../../test/simulator/index.js';
import { redirectionTo } from '../../test/support/redirection.js';
import { serveParent } from '../support/remote.js';

/** The simulator in a process of its own, so that what is measured is only the client. */
const simulator = await WhatsAppSimulator.start({ record: false });
let logins = 0;
let logouts = 0;
simulator.on('login', () => (logins += 1));
simulator.on('logout', () => (logouts += 1));

interface Numbers {
  readonly first: number;
  readonly count: number;
}

interface CallsQuestion {
  readonly sinceMs: number;
  readonly ringSeconds: number;
  /** Only calls of these. */
  readonly callees?: Numbers;
}

const handlers = {
  address: (_: null) => redirectionTo(simulator),

  /** Credentials of accounts that are linked already, as JSON. */
  prepare: ({ first, count }: Numbers) =>
    Array.from({ length: count }, (_, index) =>
      JSON.stringify(
        simulator.preparedCredentials({ number: String(first + index), name: 'Ana' }),
        BufferJSON.replacer,
      ),
    ),

  addCallees: ({ first, count, silent }: Numbers & { silent: boolean }) => {
    for (let index = 0; index < count; index += 1) {
      simulator.addContact({
        number: String(first + index),
        behaviour: { kind: silent ? 'silent' : 'rings' },
        decrypts: false,
      });
    }
  },

  /** Sessions of these accounts that are open now. */
  openSessions: (accounts: Numbers) =>
    simulator.sessions.filter(({ number }) => isBetween(Number(number), accounts)).length,

  scan: async ({ number, qr }: { number: string; qr: string }) => {
    await simulator.addPhone({ number, name: 'Ana' }).scanQr(qr);
  },

  /** `sessions`: open now; `logins` and `logouts`: ever. */
  state: (_: null) => ({
    sessions: simulator.sessions.length,
    logins,
    logouts,
    violations: simulator.violations.length,
    firstViolation: simulator.violations[0],
  }),

  /** What the callees' phones saw of the calls since `sinceMs` (epoch). */
  calls: ({ sinceMs, ringSeconds, callees }: CallsQuestion) => {
    const calls = simulator.calls.filter(
      ({ offeredAt, calleeNumber }) =>
        offeredAt >= sinceMs && (callees === undefined || isBetween(Number(calleeNumber), callees)),
    );
    return {
      offers: calls.length,
      hungUp: calls.filter(({ devices }) => devices.every(({ ringStoppedAt }) => ringStoppedAt)).length,
      atOnce: mostAtOnce(calls),
      driftMs: calls.flatMap(({ devices }) =>
        devices.flatMap(({ ringingSince, ringStoppedAt }) =>
          ringingSince && ringStoppedAt ? [Math.abs(ringStoppedAt - ringingSince - ringSeconds * 1000)] : [],
        ),
      ),
    };
  },
};

export type SimulatorHandlers = typeof handlers;

serveParent(handlers);

function isBetween(number: number, { first, count }: Numbers): boolean {
  return number >= first && number < first + count;
}

/** Most phones that rang at one moment. */
function mostAtOnce(calls: readonly CallRecord[]): number {
  const edges = calls.flatMap(({ devices }) =>
    devices.flatMap(({ ringingSince, ringStoppedAt }) =>
      ringingSince && ringStoppedAt
        ? [
            { at: ringingSince, step: 1 },
            { at: ringStoppedAt, step: -1 },
          ]
        : [],
    ),
  );
  let ringing = 0;
  let most = 0;
  for (const { step } of edges.sort((a, b) => a.at - b.at || a.step - b.step)) {
    ringing += step;
    most = Math.max(most, ringing);
  }
  return most;
}
