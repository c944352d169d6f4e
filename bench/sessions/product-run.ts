import { settle, until, type BenchWorld } from './bench-world.js';
import type { SizePoint } from './growth.js';
import type { MeasuredProduct, Tenant } from './measured-product.js';

const MS_PER_SESSION = 500;
const LEAST_TIMEOUT_MS = 60_000;
const BASE_SECONDS = 15;

export interface ProductResult {
  readonly points: readonly SizePoint[];
  readonly tenants: readonly Tenant[];
  /** Beyond what the process needs without a session. */
  readonly idleCpuMicrosPerSessionSecond: number;
  /** Milliseconds of CPU time a second without a session. */
  readonly baseCpuMsPerSecond: number;
  /** Sessions that ended while nothing happened. */
  readonly lostWhileIdle: number;
}

/** Opens the sessions step by step, a tenant each, as a start of the product opens them; then watches them do nothing. */
export async function runProduct(world: BenchWorld, product: MeasuredProduct): Promise<ProductResult> {
  const { sizes, say } = world;
  const points: SizePoint[] = [];
  const tenants: Tenant[] = [];
  let sessions = 0;
  await settle(); // the start itself is not the base
  await settle();
  const baseMicros = await world.idleCost(product.probeSocket, 1, BASE_SECONDS);
  for (const count of sizes) {
    const tenant = await product.seedTenant(await world.newCredentials(count));
    tenants.push(tenant);
    sessions += count;
    const before = await product.sample('cpu');
    await product.openTenant(tenant);
    await allConnected(world, product, sessions);
    const after = await product.sample('cpu');
    await settle();
    const memory = await product.sample('memory');
    points.push({ sessions, memory, connectCpuMs: after.cpuMs - before.cpuMs });
    say(`Ringdrop: ${sessions} sessions, ${Math.round(memory.rss / 2 ** 20)} MB`);
  }
  const before = await world.simulator.ask('state', null);
  say(`${world.idleSeconds} s of doing nothing with ${sessions} sessions`);
  const withSessions = await world.idleCost(product.probeSocket, sessions, world.idleSeconds);
  const after = await world.simulator.ask('state', null);
  const lostWhileIdle = after.logouts - before.logouts;
  return {
    points,
    tenants,
    idleCpuMicrosPerSessionSecond: withSessions - baseMicros / sessions,
    baseCpuMsPerSecond: baseMicros / 1000,
    lostWhileIdle,
  };
}

export interface RestoreResult {
  /** From the start of the new process. */
  readonly seconds: number;
  /** Until the first session was open. */
  readonly firstSeconds: number;
}

/** Kills the product and waits until the next one has every session open again. */
export async function restoreAll(
  world: BenchWorld,
  product: MeasuredProduct,
  sessions: number,
): Promise<RestoreResult> {
  world.say('SIGKILL, and the next start');
  const { logins } = await world.simulator.ask('state', null);
  const startedMs = performance.now();
  const seconds = (): number => (performance.now() - startedMs) / 1000;
  const isFirstOpen = async () => (await world.simulator.ask('state', null)).logins > logins;
  const first = until(isFirstOpen, 'a session is open', LEAST_TIMEOUT_MS).then(seconds);
  await product.killAndRestart();
  const firstSeconds = await first;
  await allConnected(world, product, sessions);
  return { seconds: seconds(), firstSeconds };
}

/** Both sides say so. */
export async function allConnected(
  world: BenchWorld,
  product: MeasuredProduct,
  sessions: number,
): Promise<void> {
  let seen = { atServer: 0, inProduct: 0 };
  await until(
    async () => {
      const { sessions: atServer } = await world.simulator.ask('state', null);
      seen = { atServer, inProduct: await product.connected() };
      return seen.atServer === sessions && seen.inProduct === sessions;
    },
    `${sessions} sessions are open`,
    LEAST_TIMEOUT_MS + sessions * MS_PER_SESSION,
    () => world.say(`  ${seen.atServer} of ${sessions} sessions are open`),
  );
}
