import { setTimeout as sleep } from 'node:timers/promises';
import { WebhookReceiver } from '../../test/support/webhook-receiver.js';
import { ranBetween, type StatementCounts } from '../support/measured-postgres.js';
import { until, type BenchWorld } from './bench-world.js';
import type { Pair } from './call-load.js';
import type { MeasuredProduct } from './measured-product.js';

export interface StatementCost {
  /** From the request to its answer. */
  readonly toPlace: number;
  /** From the request to the stored end of the call. */
  readonly wholeCall: number;
  /** From the request to the stored delivery of its last event to one webhook. */
  readonly wholeCallWithWebhook: number;
  /** Transactions that stored the 812 keys of a new link. */
  readonly pairingKeys: number;
}

const CALLS = 20;
const RING_SECONDS = 1;
/** The end of a call is stored this long after its ring, amply. */
const AFTER_RING_MS = 500;
const WHOLE_RING_MS = RING_SECONDS * 1000 + AFTER_RING_MS;
/** Calling, delivered, ringing, ended: what a call reports that nobody picks up. */
const EVENTS_PER_CALL = 4;
const DELIVERED_MS = 30_000;
/** What the product asks while nothing happens, some of it once a minute, must not be taken for a part of a call. */
const QUIET_MS = 60_000;
const PAIRING_MS = 60_000;

/** Counts what the database is asked for a warm call and for a new link, one at a time. */
export async function measureStatements(
  world: BenchWorld,
  product: MeasuredProduct,
  silent: Pair,
  ringing: Pair,
): Promise<StatementCost> {
  world.say(`statements of ${CALLS} calls, one at a time, after ${QUIET_MS / 1000} s without`);
  const quiet = await quietRate(product);
  const wholeRing = (): Promise<void> => sleep(WHOLE_RING_MS);
  const toPlace = await perCall(product, silent, quiet, { afterCount: wholeRing });
  const wholeCall = await perCall(product, ringing, quiet, { beforeCount: wholeRing });
  const wholeCallWithWebhook = await perCallWithWebhook(product, ringing, quiet);
  const costs = {
    'to place a call': toPlace,
    'a whole call': wholeCall,
    'a whole call with a webhook': wholeCallWithWebhook,
  };
  for (const [name, cost] of Object.entries(costs)) {
    world.say(`statements ${name}:`);
    for (const [query, times] of cost) world.say(`  ${times.toFixed(2)} × ${shorten(query)}`);
  }
  return {
    toPlace: sum(toPlace),
    wholeCall: sum(wholeCall),
    wholeCallWithWebhook: sum(wholeCallWithWebhook),
    pairingKeys: await pairingTransactions(world, product, ringing.token),
  };
}

/** Statements a millisecond while nothing happens. */
async function quietRate(product: MeasuredProduct): Promise<StatementCounts> {
  const before = await product.postgres.statements();
  await sleep(QUIET_MS);
  const ran = ranBetween(before, await product.postgres.statements());
  return new Map([...ran].map(([query, times]) => [query, times / QUIET_MS]));
}

interface Waits {
  /** Between the answer and the count; left out: statements are counted at once. */
  readonly beforeCount?: () => Promise<void>;
  /** Before the next call. */
  readonly afterCount?: () => Promise<void>;
}

/** Statements of one warm call; those of a silent callee end with the answer, because it sends nothing. */
async function perCall(
  product: MeasuredProduct,
  { instance, token, number }: Pair,
  quiet: StatementCounts,
  { beforeCount, afterCount }: Waits,
): Promise<StatementCounts> {
  const totals = new Map<string, number>();
  await callOnce(); // the first one is not warm
  await beforeCount?.();
  await afterCount?.();
  for (let call = 0; call < CALLS; call += 1) {
    const before = await product.postgres.statements();
    const startedMs = performance.now();
    await callOnce();
    await beforeCount?.();
    const ran = ranBetween(before, await product.postgres.statements());
    const elapsedMs = performance.now() - startedMs;
    for (const [query, times] of ran) {
      const ours = times - (quiet.get(query) ?? 0) * elapsedMs;
      totals.set(query, (totals.get(query) ?? 0) + ours / CALLS);
    }
    await afterCount?.();
  }
  return new Map([...totals].filter(([, times]) => times > 0.05).sort(([, a], [, b]) => b - a));

  async function callOnce(): Promise<void> {
    const body = { number, duration: RING_SECONDS };
    const { status } = await product.request('POST', `/api/call/fake/${instance}`, token, body);
    if (status !== 200) throw new Error(`a call was answered with ${status}`);
  }
}

/** The instance has one enabled webhook meanwhile, whose receiver takes everything. */
async function perCallWithWebhook(
  product: MeasuredProduct,
  pair: Pair,
  quiet: StatementCounts,
): Promise<StatementCounts> {
  const receiver = await WebhookReceiver.start();
  let expected = 0;
  const delivered = async (): Promise<void> => {
    expected += EVENTS_PER_CALL;
    await until(
      async () => receiver.received.length >= expected && (await storedDeliveries(product)) >= expected,
      `${expected} events are received and stored`,
      DELIVERED_MS,
    );
    await sleep(AFTER_RING_MS);
    if (receiver.received.length > expected) throw new Error(`more than ${expected} events were received`);
  };
  try {
    await configureWebhook(product, pair, { enabled: true, url: receiver.url });
    return await perCall(product, pair, quiet, { beforeCount: delivered });
  } finally {
    await configureWebhook(product, pair, { enabled: false });
    await receiver.close();
  }
}

/** There is no other webhook. */
async function storedDeliveries(product: MeasuredProduct): Promise<number> {
  const sql = `SELECT count(*) FROM webhook_deliveries WHERE status = 'delivered'`;
  return Number(await product.postgres.value(sql));
}

async function configureWebhook(
  product: MeasuredProduct,
  { instance, token }: Pair,
  webhook: Readonly<Record<string, unknown>>,
): Promise<void> {
  const { status } = await product.request('POST', `/api/events/webhook/${instance}`, token, webhook);
  if (status !== 200) throw new Error(`a webhook was answered with ${status}`);
}

/** Rows of one transaction carry its number. */
async function pairingTransactions(
  world: BenchWorld,
  product: MeasuredProduct,
  token: string,
): Promise<number> {
  const made = await product.request('POST', '/api/instance/new', token, { name: 'newly-linked' });
  const { id } = made.body.instance as { id: string };
  const { body } = await product.request('GET', '/api/instance/connect/newly-linked', token);
  await world.simulator.ask('scan', { number: '491509999999', qr: String(body.qrCode) });
  const keys = `FROM session_keys WHERE instance_id = $1 AND type = 'pre-key'`;
  await until(
    async () => Number(await product.postgres.value(`SELECT count(*) ${keys}`, [id])) >= 812,
    'the keys of a new link are stored',
    PAIRING_MS,
  );
  return Number(await product.postgres.value(`SELECT count(DISTINCT xmin::text) ${keys}`, [id]));
}

function sum(counts: StatementCounts): number {
  return [...counts.values()].reduce((total, times) => total + times, 0);
}

function shorten(query: string): string {
  return query.replace(/\s+/g, ' ').slice(0, 110);
}
