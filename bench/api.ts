/**
 * `POST /api/call/fake` beside a plain Nest + express route with the same body: as many requests as fifty connections carry,
 * then a fixed rate; what a call costs at most of them, beside the bare library that places as many. Progress first; the last
 * line is the result as JSON.
 *
 *   npm run bench:api -- --seconds 15 --rate 50
 */
import path from 'node:path';
import { load, type LoadFigures, type LoadRequest } from './api/load.js';
import type { PlainHandlers } from './api/plain-main.js';
import { BenchWorld } from './sessions/bench-world.js';
import {
  callCostFigures,
  costOfBareCalls,
  costOfCalls,
  type BareCallCost,
  type CallCost,
} from './sessions/call-cost.js';
import { CallLoad, type Pair } from './sessions/call-load.js';
import { lostNone } from './sessions/call-outcome.js';
import { FIRST_CALLEE, LOAD_RING_SECONDS } from './sessions/call-plan.js';
import { MeasuredBare } from './sessions/measured-bare.js';
import { MeasuredProduct } from './sessions/measured-product.js';
import { allConnected } from './sessions/product-run.js';
import { numbersFromArguments } from './support/arguments.js';
import { useChosenNode } from './support/chosen-node.js';
import { Remote } from './support/remote.js';

useChosenNode();
const { seconds, rate, connections, instances } = numbersFromArguments({
  seconds: 15,
  rate: 50,
  connections: 50,
  instances: 50,
});
const PLAIN_MAIN = path.resolve('dist-tools/bench/api/plain-main.js');
const COLD_PER_SECOND = 10;
const NOT_CONNECTED = 503;

const world = await BenchWorld.open({ sizes: [instances], idleSeconds: 0 });
try {
  await world.simulator.ask('addCallees', { first: FIRST_CALLEE, count: instances, silent: false });
  const { figures, failed, most, cost } = await runProduct();
  const bare = await runBare(most);
  const ratio = (name: string, than: string) => (figures[name] ?? 0) / (figures[than] ?? 0);
  if (!lostNone(bare.outcome))
    world.say(`MISSED calls of the bare library were lost: ${JSON.stringify(bare.outcome)}`);
  const ok = failed === 0 && lostNone(bare.outcome);
  world.say(
    JSON.stringify({
      node: process.version,
      seconds,
      rate,
      connections,
      ...rounded({
        ...figures,
        shell_throughput_ratio: ratio('shell_most_per_second', 'plain_most_per_second'),
        call_throughput_ratio: ratio('call_most_per_second', 'plain_most_per_second'),
        shell_steady_p99_ratio: ratio('shell_steady_p99_ms', 'plain_steady_p99_ms'),
        call_steady_p99_ratio: ratio('call_steady_p99_ms', 'plain_steady_p99_ms'),
        ...callCostFigures(cost, bare),
      }),
      failed,
      ok,
    }),
  );
  process.exitCode = ok ? 0 : 1;
} finally {
  await world.close();
}

interface ProductRun {
  readonly figures: Readonly<Record<string, number>>;
  /** Bad answers of all routes. */
  readonly failed: number;
  /** The calls that cost so much. */
  readonly most: LoadFigures;
  readonly cost: CallCost;
}

async function runProduct(): Promise<ProductRun> {
  const plain = Remote.start<PlainHandlers>(PLAIN_MAIN);
  let product: MeasuredProduct | undefined;
  try {
    product = await MeasuredProduct.start(world);
    world.say(`Node ${process.version}: linking ${instances} instances`);
    const pairs = await warmPairs(product);
    const [{ token = '' } = {}] = pairs;
    await product.request('POST', '/api/instance/new', token, { name: 'unlinked' });
    const unlinked = [requestOf({ instance: 'unlinked', token, number: String(FIRST_CALLEE) })];
    const calls = { url: product.url, requests: pairs.map(requestOf), expected: 200, seconds, connections };
    const compared = {
      plain: { ...calls, url: await plain.ask('url', null) },
      shell: { ...calls, requests: unlinked, expected: NOT_CONNECTED },
    };
    const figures: Record<string, number> = {};
    let failed = 0;
    const add = (name: string, loaded: LoadFigures): void => {
      Object.assign(figures, named(name, loaded));
      failed += loaded.failed;
    };
    const announce = (name: string): void =>
      world.say(`${name}: ${connections} connections for ${seconds} s, then ${rate} requests a second`);
    for (const [name, route] of Object.entries(compared)) {
      announce(name);
      add(`${name}_most`, await load(route));
      add(`${name}_steady`, await load({ ...route, perSecond: rate }));
    }
    announce('call');
    const { result: most, cost } = await costOfCalls(
      world,
      product,
      LOAD_RING_SECONDS,
      () => load(calls),
      ({ answered }) => answered,
    );
    add('call_most', most);
    add('call_steady', await load({ ...calls, perSecond: rate }));
    return { figures, failed, most, cost };
  } finally {
    await plain.stop();
    await product?.close();
  }
}

/** As many calls at the same rate, by other accounts to the same callees. */
async function runBare({ answered, perSecond }: LoadFigures): Promise<BareCallCost> {
  const bare = MeasuredBare.start(world);
  try {
    world.say(`bare Baileys: linking ${instances} sessions`);
    await bare.open(await world.newCredentials(instances));
    await bare.warmUp(instances, COLD_PER_SECOND);
    world.say(`bare Baileys: ${Math.round(perSecond)} calls a second, ${answered} in all`);
    return await costOfBareCalls(world, bare, {
      pairs: instances,
      count: answered,
      perSecond,
      ringSeconds: LOAD_RING_SECONDS,
    });
  } finally {
    await bare.stop();
  }
}

/** Connected instances, each of which has called its number before. */
async function warmPairs(running: MeasuredProduct): Promise<Pair[]> {
  const tenant = await running.seedTenant(await world.newCredentials(instances));
  await running.openTenant(tenant);
  await allConnected(world, running, instances);
  const pairs = tenant.instances.map((instance, index) => ({
    instance,
    token: tenant.token,
    number: String(FIRST_CALLEE + index),
  }));
  await new CallLoad(world, running, pairs).warmUp(COLD_PER_SECOND);
  return pairs;
}

function requestOf({ instance, token, number }: Pair): LoadRequest {
  const body = { number, duration: LOAD_RING_SECONDS };
  return { path: `/api/call/fake/${instance}`, token, body };
}

function named(prefix: string, { perSecond, p50Ms, p99Ms, failed }: LoadFigures): Record<string, number> {
  return {
    [`${prefix}_per_second`]: perSecond,
    [`${prefix}_p50_ms`]: p50Ms,
    [`${prefix}_p99_ms`]: p99Ms,
    [`${prefix}_failed`]: failed,
  };
}

function rounded(figures: Readonly<Record<string, number>>): Record<string, number> {
  return Object.fromEntries(
    Object.entries(figures).map(([name, value]) => [name, Math.round(value * 1000) / 1000]),
  );
}
