import { chmod, mkdtemp, rm } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { WhatsAppSimulator } from '../simulator/index.js';
import { redirectionTo } from '../support/redirection.js';
import { spawnProduct } from '../support/spawn-product.js';
import { listenToKeys, serveControls, type Controls } from './controls.js';
import { DemoPhones } from './phones.js';
import { printTimeline } from './timeline.js';

/** As in the examples of Swagger UI, so that they work as they are. */
const INSTANCE = 'shop';
const CALLER = '5511900000001';
const CALLEES = [
  { number: '5511999999999', story: 'lets it ring', behaviour: { kind: 'rings', afterMs: 300 } },
  {
    number: '5511988888888',
    story: 'declines',
    behaviour: { kind: 'rejects', ringsFirst: true, afterMs: 1500 },
  },
  { number: '5511977777777', story: 'picks up', behaviour: { kind: 'accepts', afterMs: 2000 } },
] as const;
const RING_SECONDS = 4;
/** The requests of a minute are limited, and most of them are left to the user. */
const POLL_MS = 500;

const say = (line = ''): void => void process.stdout.write(`${line}\n`);

const dataDir = await mkdtemp(path.join(tmpdir(), 'ringdrop-demo-'));
await chmod(dataDir, 0o755);
const simulator = await WhatsAppSimulator.start();
for (const { number, behaviour } of CALLEES) simulator.addContact({ number, behaviour, devices: [0] });

say('Starting Ringdrop with a simulated WhatsApp …');
const product = await spawnProduct({
  env: {
    PORT: process.env.PORT ?? '3000',
    DATA_DIR: dataDir,
    LOG_LEVEL: 'warn',
    ...redirectionTo(simulator),
  },
  imports: [path.resolve('test/support/redirect-whatsapp.mjs')],
});
const token = product.accountToken;
const phones = new DemoPhones(simulator, product, CALLER);
const controls: Controls = {
  scan: () => phones.scan(),
  type: (code) => phones.type(code),
  stop: () => void end(),
  say,
};
const controlServer = await serveControls(controls);
let stopping: Promise<void> | undefined;
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => void end());
const hasKeys = listenToKeys(controls);

try {
  await linkPhone();
  printTimeline(simulator);
  for (const { number, story } of CALLEES) if (!stopping) await callAndTell(number, story);
  if (!stopping) {
    explain();
    explainLinking();
  }
} catch (cause) {
  if (!stopping) {
    say(`The demo failed: ${String(cause)}`);
    await (stopping ??= stop());
    process.exit(1);
  }
}

async function linkPhone(): Promise<void> {
  await request('POST', '/api/instance/new', { name: INSTANCE });
  await request('GET', `/api/instance/connect/${INSTANCE}`);
  say(await phones.scan());
  await simulator.waitForLogin(CALLER);
}

async function callAndTell(number: string, story: string): Promise<void> {
  say();
  say(
    `POST /api/call/fake/${INSTANCE} {"number":"${number}","duration":${RING_SECONDS}}   (this callee ${story})`,
  );
  const answer = await whenConnected(() =>
    request('POST', `/api/call/fake/${INSTANCE}`, { number, duration: RING_SECONDS }),
  );
  say(`  → ${JSON.stringify(answer)}`);
  for (;;) {
    const { call } = await request('GET', `/api/call/info/${INSTANCE}?callId=${String(answer.callId)}`);
    const { state, outcome, ringSeconds } = call as Record<string, unknown>;
    if (state === 'ended') {
      say(`  → outcome: ${String(outcome)}, rang ${JSON.stringify(ringSeconds ?? 0)} s`);
      return;
    }
    await pause(POLL_MS);
  }
}

function explain(): void {
  const { url } = product;
  say();
  say(`Everything stays up; Ctrl-C ends it. Documentation: ${url}/docs, console: ${url}/console`);
  say(`Token: ${token}`);
  say(`Callees: ${CALLEES.map(({ number, story }) => `${number} ${story}`).join(', ')}`);
  say(
    `curl -X POST ${url}/api/call/fake/${INSTANCE} -H 'token: ${token}' -d '{"number":"${CALLEES[0].number}"}'`,
  );
}

/** Linking, by a person who looks at a code wherever it is shown. */
function explainLinking(): void {
  const { port } = controlServer.address() as AddressInfo;
  const control = `http://127.0.0.1:${port}`;
  say();
  say('To link a phone yourself, log an instance out or make another, and let it show a code: in the docs');
  say('(GET /api/instance/connect/…, then GET /api/instance/qr/…), in the console, or on the pairing page');
  say(
    `(POST /api/instance/share/…). ${hasKeys ? 'Press s to scan a QR code, c to type a pairing code. Or:' : 'Then:'}`,
  );
  say(`curl -X POST ${control}/scan               # a phone scans the QR code`);
  say(`curl -X POST ${control}/code -d ABCD1234   # the pairing code is typed on its phone`);
}

async function request(method: string, route: string, body?: unknown): Promise<Record<string, unknown>> {
  const response = await fetch(product.url + route, {
    method,
    headers: { token },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  const answer = (await response.json()) as Record<string, unknown>;
  if (!response.ok) throw new Error(`${method} ${route}: ${response.status} ${JSON.stringify(answer)}`);
  return answer;
}

/** The login at the simulator is a moment ahead of the product's own knowledge of it. */
async function whenConnected<T>(work: () => Promise<T>): Promise<T> {
  for (let left = 50; ; left--) {
    try {
      return await work();
    } catch (cause) {
      if (left === 0 || !String(cause).includes('not connected')) throw cause;
      await pause(POLL_MS);
    }
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** Once, however many signals come. */
async function end(): Promise<void> {
  stopping ??= stop();
  await stopping;
  process.exit(0);
}

async function stop(): Promise<void> {
  controlServer.close();
  await product.stop();
  await simulator.close();
  await rm(dataDir, { recursive: true, force: true });
}
