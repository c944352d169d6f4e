import type { BenchWorld } from './bench-world.js';
import { costOfCalls, type CallCost } from './call-cost.js';
import { CallLoad, type Pair } from './call-load.js';
import { outcomeOf, type LoadResult } from './call-outcome.js';
import { callerOf, FIRST_CALLEE, LOAD_RING_SECONDS, type CallPlan } from './call-plan.js';
import type { MeasuredProduct, Tenant } from './measured-product.js';
import { measureStatements, type StatementCost } from './statement-cost.js';

const SILENT_CALLEE = 491_530_000_000;
const AT_ONCE_RING_SECONDS = 8;
/** Asking costs PostgreSQL something; it is asked as often while nothing is called, and that is left out. */
const CONNECTIONS_EVERY_MS = 1_000;

export interface CallPhaseResult {
  readonly statements: StatementCost;
  readonly steady: LoadResult;
  readonly cost: CallCost;
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
  { perSecond, seconds, rings, pairs: pairCount, coldPerSecond }: CallPlan,
): Promise<CallPhaseResult> {
  const { simulator, say } = world;
  const callers = tenants.flatMap(({ token, instances }) =>
    instances.map((instance) => ({ instance, token })),
  );
  const pairs = Array.from({ length: pairCount }, (_, index): Pair => {
    const caller = callers[callerOf(index, pairCount, callers.length)];
    if (!caller) throw new TypeError('There is nobody to call');
    return { ...caller, number: String(FIRST_CALLEE + index) };
  });
  await simulator.ask('addCallees', { first: SILENT_CALLEE, count: 1, silent: true });
  const [ringing] = pairs;
  if (!ringing) throw new TypeError('There is nobody to call');
  const silent = { ...ringing, number: String(SILENT_CALLEE) };
  const statements = await measureStatements(world, product, silent, ringing);
  const load = new CallLoad(world, product, pairs);
  say(`first calls of ${pairs.length} pairs`);
  await load.warmUp(coldPerSecond);
  let databaseConnections = 0;
  const watch = setInterval(() => {
    void product.postgres
      .productConnections()
      .then((count) => (databaseConnections = Math.max(databaseConnections, count)));
  }, CONNECTIONS_EVERY_MS);
  say(`${perSecond} calls a second for ${seconds} s`);
  const { result, cost } = await costOfCalls(
    world,
    product,
    LOAD_RING_SECONDS,
    () => load.place(perSecond * seconds, perSecond, LOAD_RING_SECONDS),
    ({ answers }) => answers.length,
  );
  const steady = await outcomeOf(world, result);
  say(`${rings} rings at once`);
  // At the rate at which they keep up, so that all ring before the first one ends.
  const atOnce = await load.run(rings, rings / (AT_ONCE_RING_SECONDS - 2), AT_ONCE_RING_SECONDS);
  clearInterval(watch);
  return { statements, steady, cost, atOnce, databaseConnections, linked: 1 };
}
