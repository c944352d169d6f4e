import type { BenchWorld } from './bench-world.js';

/** Callees have this number and those after it. */
export const FIRST_CALLEE = 491_520_000_000;
export const LOAD_RING_SECONDS = 1;
/** A pair calls again after this time, long after its ring. */
const SECONDS_BETWEEN_CALLS_OF_A_PAIR = 4;
/**
 * First calls cost several times as much as warm ones, so that they come at half the rate; but not so slowly that what the first
 * pairs learned, good for 5 minutes, is out of date when the others are done.
 */
const MOST_COLD_PER_SECOND = 12;
const LEAST_COLD_PER_SECOND = 4;

export interface CallPlanOptions {
  /** Calls a second. */
  readonly perSecond: number;
  readonly seconds: number;
  /** Phones that are to ring at once. */
  readonly rings: number;
}

/** The calls that both measured programs place. */
export interface CallPlan extends CallPlanOptions {
  /** Who calls whom; each pair has called before it is measured. */
  readonly pairs: number;
  /** First calls of pairs a second. */
  readonly coldPerSecond: number;
}

/** Makes the callees, too. */
export async function planCalls(world: BenchWorld, options: CallPlanOptions): Promise<CallPlan> {
  const { perSecond, rings } = options;
  const pairs = Math.max(rings, perSecond * SECONDS_BETWEEN_CALLS_OF_A_PAIR);
  await world.simulator.ask('addCallees', { first: FIRST_CALLEE, count: pairs, silent: false });
  const coldPerSecond = Math.min(
    MOST_COLD_PER_SECOND,
    Math.max(LEAST_COLD_PER_SECOND, Math.ceil(perSecond / 2)),
  );
  return { ...options, pairs, coldPerSecond };
}

/** Index of the caller of a pair: pairs are spread over all callers, and share them where there are too few. */
export function callerOf(pair: number, pairs: number, callers: number): number {
  return callers < pairs ? pair % callers : Math.floor((pair * callers) / pairs);
}
