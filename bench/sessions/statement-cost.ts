import { setTimeout as sleep } from 'node:timers/promises';
import { ranBetween, type StatementCounts } from '../support/measured-postgres.js';
import { until, type BenchWorld } from './bench-world.js';
import type { Pair } from './call-load.js';
import type { MeasuredProduct } from './measured-product.js';

export interface StatementCost {
  /** From the request to its answer, without the delivery of its events, which other calls share when there are many. */
  readonly toPlace: number;
  /** From the request to the stored end of the call, events included. */
  readonly wholeCall: number;
  /** Transactions that stored the 812 keys of a new link. */
  readonly pairingKeys: number;
}

/** Handing events out, which begins behind the answer; nothing else of a call is a transaction of several statements. */
const DELIVERY = /FROM event_outbox|webhook_|pg_advisory_xact_lock|FOR KEY SHARE|^START TRANSACTION|^COMMIT/;

const CALLS = 20;
const RING_SECONDS = 1;
/** What the product asks while nothing happens must not be taken for a part of a call. */
const QUIET_MS = 10_000;
const PAIRING_MS = 60_000;

/** Counts what the database is asked for a warm call and for a new link, one at a time. */
export async function measureStatements(
  world: BenchWorld,
  product: MeasuredProduct,
  silent: Pair,
  ringing: Pair,
): Promise<StatementCost> {
  const quiet = await quietRate(product);
  const toPlace = await perCall(product, silent, quiet, false);
  const wholeCall = await perCall(product, ringing, quiet, true);
  for (const [name, cost] of Object.entries({ 'to place a call': toPlace, 'a whole call': wholeCall })) {
    world.say(`statements ${name}:`);
    for (const [query, times] of cost) world.say(`  ${times.toFixed(2)} × ${shorten(query)}`);
  }
  return {
    toPlace: sum(toPlace, DELIVERY),
    wholeCall: sum(wholeCall),
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

async function perCall(
  product: MeasuredProduct,
  { instance, token, number }: Pair,
  quiet: StatementCounts,
  toItsEnd: boolean,
): Promise<StatementCounts> {
  const totals = new Map<string, number>();
  await callOnce(); // the first one is not warm
  await sleep(RING_SECONDS * 1000 + 500);
  for (let call = 0; call < CALLS; call += 1) {
    const before = await product.postgres.statements();
    const startedMs = performance.now();
    await callOnce();
    if (toItsEnd) await sleep(RING_SECONDS * 1000 + 500);
    const ran = ranBetween(before, await product.postgres.statements());
    const elapsedMs = performance.now() - startedMs;
    for (const [query, times] of ran) {
      const ours = times - (quiet.get(query) ?? 0) * elapsedMs;
      totals.set(query, (totals.get(query) ?? 0) + ours / CALLS);
    }
    if (!toItsEnd) await sleep(RING_SECONDS * 1000 + 500);
  }
  return new Map([...totals].filter(([, times]) => times > 0.05).sort(([, a], [, b]) => b - a));

  async function callOnce(): Promise<void> {
    const body = { number, duration: RING_SECONDS };
    const { status } = await product.request('POST', `/api/call/fake/${instance}`, token, body);
    if (status !== 200) throw new Error(`a call was answered with ${status}`);
  }
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

function sum(counts: StatementCounts, except?: RegExp): number {
  return [...counts].reduce((total, [query, times]) => total + (except?.test(query) ? 0 : times), 0);
}

function shorten(query: string): string {
  return query.replace(/\s+/g, ' ').slice(0, 110);
}
