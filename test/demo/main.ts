import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { WhatsAppSimulator } from '../simulator/index.js';
import { redirectionTo } from '../support/redirection.js';
import { spawnProduct } from '../support/spawn-product.js';
import { printTimeline } from './timeline.js';

const CALLER = '5511900000001';
const CALLEES = [
  { number: '5511900000101', story: 'lets it ring', behaviour: { kind: 'rings', afterMs: 300 } },
  {
    number: '5511900000102',
    story: 'declines',
    behaviour: { kind: 'rejects', ringsFirst: true, afterMs: 1500 },
  },
  { number: '5511900000103', story: 'picks up', behaviour: { kind: 'accepts', afterMs: 2000 } },
] as const;
const RING_SECONDS = 4;

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
let stopping = false;
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => {
    stopping = true;
    void stop().then(() => process.exit(0));
  });
}

const token = product.accountToken;

try {
  await linkPhone();
  printTimeline(simulator);
  for (const { number, story } of CALLEES) if (!stopping) await callAndTell(number, story);
  if (!stopping) explain();
} catch (cause) {
  if (!stopping) {
    say(`The demo failed: ${String(cause)}`);
    await stop();
    process.exitCode = 1;
  }
}

async function linkPhone(): Promise<void> {
  await request('POST', '/api/instance/new', { name: 'demo' });
  const { qrCode } = await request('GET', '/api/instance/connect/demo');
  await simulator.addPhone({ number: CALLER, name: 'Demo' }).scanQr(String(qrCode));
  await simulator.waitForLogin(CALLER);
  say(`A phone (${CALLER}) has scanned the QR code of the instance "demo".`);
}

async function callAndTell(number: string, story: string): Promise<void> {
  say();
  say(`POST /api/call/fake/demo {"number":"${number}","duration":${RING_SECONDS}}   (this callee ${story})`);
  const answer = await whenConnected(() =>
    request('POST', '/api/call/fake/demo', { number, duration: RING_SECONDS }),
  );
  say(`  → ${JSON.stringify(answer)}`);
  for (;;) {
    const { call } = await request('GET', `/api/call/info/demo?callId=${String(answer.callId)}`);
    const { state, outcome, ringSeconds } = call as Record<string, unknown>;
    if (state === 'ended') {
      say(`  → outcome: ${String(outcome)}, rang ${JSON.stringify(ringSeconds ?? 0)} s`);
      return;
    }
    await pause(100);
  }
}

function explain(): void {
  const { url } = product;
  say();
  say(`Everything stays up; Ctrl-C ends it. Documentation and console: ${url}/docs`);
  say(`Token: ${token}`);
  say(`Callees: ${CALLEES.map(({ number, story }) => `${number} ${story}`).join(', ')}`);
  say(`curl -X POST ${url}/api/call/fake/demo -H 'token: ${token}' -d '{"number":"${CALLEES[0].number}"}'`);
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
      await pause(100);
    }
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

async function stop(): Promise<void> {
  await product.stop();
  await simulator.close();
  await rm(dataDir, { recursive: true, force: true });
}
