/**
 * `POST /api/call/fake` beside a plain Nest + express route with the same body: as many requests as fifty connections carry,
 * then a fixed rate. Progress first; the last line is the result as JSON.
 *
 *   npm run bench:api -- --seconds 15 --rate 50
 */
import path from 'node:path';
import { load, type LoadFigures, type LoadRequest } from './api/load.js';
import type { PlainHandlers } from './api/plain-main.js';
import { BenchWorld } from './sessions/bench-world.js';
import { CallLoad, type Pair } from './sessions/call-load.js';
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
const FIRST_CALLEE = 491_520_000_000;
const COLD_PER_SECOND = 10;
const NOT_CONNECTED = 503;

const world = await BenchWorld.open({ sizes: [instances], idleSeconds: 0 });
const plain = Remote.start<PlainHandlers>(PLAIN_MAIN);
let product: MeasuredProduct | undefined;
try {
  product = await MeasuredProduct.start(world);
  world.say(`Node ${process.version}: linking ${instances} instances`);
  const pairs = await warmPairs(product);
  const plainUrl = await plain.ask('url', null);
  const calls = pairs.map(requestOf);
  const [{ token = '' } = {}] = pairs;
  await product.request('POST', '/api/instance/new', token, { name: 'unlinked' });
  const unlinked = [requestOf({ instance: 'unlinked', token, number: String(FIRST_CALLEE) })];

  const routes = [
    { name: 'plain', url: plainUrl, requests: calls, expected: 200 },
    { name: 'shell', url: product.url, requests: unlinked, expected: NOT_CONNECTED },
    { name: 'call', url: product.url, requests: calls, expected: 200 },
  ];
  const figures: Record<string, number> = {};
  let failed = 0;
  for (const { name, ...route } of routes) {
    world.say(`${name}: ${connections} connections for ${seconds} s, then ${rate} requests a second`);
    const most = await load({ ...route, seconds, connections });
    const steady = await load({ ...route, seconds, connections, perSecond: rate });
    Object.assign(figures, named(`${name}_most`, most), named(`${name}_steady`, steady));
    failed += most.failed + steady.failed;
  }
  const ratio = (name: string, than: string) => round((figures[name] ?? 0) / (figures[than] ?? 0));
  const ok = failed === 0;
  world.say(
    JSON.stringify({
      node: process.version,
      seconds,
      rate,
      connections,
      ...figures,
      shell_throughput_ratio: ratio('shell_most_per_second', 'plain_most_per_second'),
      call_throughput_ratio: ratio('call_most_per_second', 'plain_most_per_second'),
      shell_steady_p99_ratio: ratio('shell_steady_p99_ms', 'plain_steady_p99_ms'),
      call_steady_p99_ratio: ratio('call_steady_p99_ms', 'plain_steady_p99_ms'),
      failed,
      ok,
    }),
  );
  process.exitCode = ok ? 0 : 1;
} finally {
  await plain.stop();
  await product?.close();
  await world.close();
}

/** Connected instances, each of which has called its number before. */
async function warmPairs(running: MeasuredProduct): Promise<Pair[]> {
  const tenant = await running.seedTenant(await world.newCredentials(instances));
  await running.openTenant(tenant);
  await allConnected(world, running, instances);
  await world.simulator.ask('addCallees', { first: FIRST_CALLEE, count: instances, silent: false });
  const pairs = tenant.instances.map((instance, index) => ({
    instance,
    token: tenant.token,
    number: String(FIRST_CALLEE + index),
  }));
  await new CallLoad(world, running, pairs).warmUp(COLD_PER_SECOND);
  return pairs;
}

function requestOf({ instance, token, number }: Pair): LoadRequest {
  return { path: `/api/call/fake/${instance}`, token, body: { number, duration: 1 } };
}

function named(prefix: string, { perSecond, p50Ms, p99Ms, failed }: LoadFigures): Record<string, number> {
  return {
    [`${prefix}_per_second`]: round(perSecond),
    [`${prefix}_p50_ms`]: p50Ms,
    [`${prefix}_p99_ms`]: p99Ms,
    [`${prefix}_failed`]: failed,
  };
}

function round(value: number): number {
  return Math.round(value * 1000) / 1000;
}
