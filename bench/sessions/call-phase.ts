import type { BenchWorld } from './bench-world.js';
import { CallLoad, type LoadResult, type Pair } from './call-load.js';
import type { MeasuredProduct, Tenant } from './measured-product.js';
import { measureStatements, type StatementCost } from './statement-cost.js';

const FIRST_CALLEE = 491_520_000_000;
const SILENT_CALLEE = 491_530_000_000;
/** Cold calls cost several times as much as warm ones. */
const WARM_UP_PER_SECOND = 12;
const LOAD_RING_SECONDS = 1;
const AT_ONCE_RING_SECONDS = 8;

export interface CallPhaseOptions {
  /** Calls a second. */
  readonly perSecond: number;
  readonly seconds: number;
  /** Phones that are to ring at once. */
  readonly rings: number;
}

export interface CallPhaseResult {
  readonly statements: StatementCost;
  readonly steady: LoadResult;
  readonly atOnce: LoadResult;
  /** Most that the product held at a time. */
  readonly databaseConnections: number;
  /** Sessions that were linked meanwhile. */
  readonly linked: number;
}

/** Statements of single calls, then calls at a steady rate, then many rings at once. */
export async function measureCalls(
  world: BenchWorld,
  product: MeasuredProduct,
  tenants: readonly Tenant[],
  { perSecond, seconds, rings }: CallPhaseOptions,
): Promise<CallPhaseResult> {
  const { simulator, say } = world;
  const callers = tenants.flatMap(({ token, instances }) =>
    instances.map((instance) => ({ instance, token })),
  );
  const pairs = Array.from({ length: Math.max(rings, perSecond * 4) }, (_, index): Pair => {
    const caller = callers[index % callers.length];
    if (!caller) throw new TypeError('There is nobody to call');
    return { ...caller, number: String(FIRST_CALLEE + index) };
  });
  await simulator.ask('addCallees', { first: FIRST_CALLEE, count: pairs.length, silent: false });
  await simulator.ask('addCallees', { first: SILENT_CALLEE, count: 1, silent: true });
  const [ringing] = pairs;
  if (!ringing) throw new TypeError('There is nobody to call');
  const statements = await measureStatements(
    world,
    product,
    { ...ringing, number: String(SILENT_CALLEE) },
    ringing,
  );
  const load = new CallLoad(world, product, pairs);
  say(`first calls of ${pairs.length} pairs`);
  await load.warmUp(WARM_UP_PER_SECOND);
  let databaseConnections = 0;
  const watch = setInterval(() => {
    void product.postgres
      .productConnections()
      .then((count) => (databaseConnections = Math.max(databaseConnections, count)));
  }, 500);
  say(`${perSecond} calls a second for ${seconds} s`);
  const steady = await load.run(perSecond * seconds, perSecond, LOAD_RING_SECONDS);
  say(`${rings} rings at once`);
  // At the rate at which they keep up, so that all ring before the first one ends.
  const atOnce = await load.run(rings, rings / (AT_ONCE_RING_SECONDS - 2), AT_ONCE_RING_SECONDS);
  clearInterval(watch);
  return { statements, steady, atOnce, databaseConnections, linked: 1 };
}
