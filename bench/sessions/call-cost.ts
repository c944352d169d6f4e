import type { LoopDelay } from '../support/event-loop-watch.js';
import { costOfPhase, ownMeter, type Meter, type PhaseCost } from '../support/phase-cost.js';
import type { BareCalls } from './bare-main.js';
import type { BenchWorld } from './bench-world.js';
import { outcomeOf, type LoadResult } from './call-outcome.js';
import type { MeasuredBare } from './measured-bare.js';
import type { MeasuredProduct } from './measured-product.js';

/** The end of a call is stored, reported and acknowledged this long after its ring, amply. */
const AFTER_RING_MS = 1_500;

type Measured<Name extends string> = Readonly<Record<Name, PhaseCost>>;

/** What calls of the product cost, and how many there were. */
export interface CallCost {
  readonly calls: number;
  readonly processes: Measured<'product' | 'postgres' | 'simulator' | 'load'>;
}

/** The same calls, placed by the library alone. */
export interface BareCallCost {
  readonly outcome: LoadResult;
  readonly processes: Measured<'bare' | 'simulator'>;
}

/**
 * @param work places calls; its end is the end of the last answer
 * @param callsOf the calls that were placed
 */
export async function costOfCalls<T>(
  world: BenchWorld,
  product: MeasuredProduct,
  ringSeconds: number,
  work: () => Promise<T>,
  callsOf: (result: T) => number,
): Promise<{ readonly result: T; readonly cost: CallCost }> {
  const meters: Record<keyof CallCost['processes'], Meter> = {
    product: (kind) => product.sample(kind),
    postgres: async () => ({ cpuMs: await product.postgres.cpuMs(), loop: null }),
    simulator: world.sampleSimulator,
    load: ownMeter(),
  };
  const { result, cost } = await costOfPhase(meters, ringSeconds * 1000 + AFTER_RING_MS, work);
  world.say(`  without calls, CPU ms a second: ${idleOf(cost)}`);
  return { result, cost: { calls: callsOf(result), processes: cost } };
}

/** Sessions have called before. */
export async function costOfBareCalls(
  world: BenchWorld,
  bare: MeasuredBare,
  calls: BareCalls,
): Promise<BareCallCost> {
  const meters = {
    bare: (kind: 'cpu' | 'reset') => bare.sample(kind),
    simulator: world.sampleSimulator,
  };
  const { result, cost } = await costOfPhase(meters, AFTER_RING_MS, () => bare.place(calls));
  world.say(`  without calls, CPU ms a second: ${idleOf(cost)}`);
  return { outcome: await outcomeOf(world, result), processes: cost };
}

/** The figures of both, units in the names; CPU time is that of one call. */
export function callCostFigures({ calls, processes }: CallCost, bare: BareCallCost) {
  const { product, postgres, simulator, load } = processes;
  const bareCalls = bare.outcome.requested;
  const bareCpuMs = bare.processes.bare.cpuMs / bareCalls;
  return {
    call_cpu_product_ms: product.cpuMs / calls,
    call_cpu_postgres_ms: postgres.cpuMs / calls,
    call_cpu_simulator_ms: simulator.cpuMs / calls,
    call_cpu_load_ms: load.cpuMs / calls,
    bare_call_cpu_ms: bareCpuMs,
    bare_call_cpu_simulator_ms: bare.processes.simulator.cpuMs / bareCalls,
    call_cpu_ratio: product.cpuMs / calls / bareCpuMs,
    call_loop_p50_product_ms: delayOf(product).p50Ms,
    call_loop_p99_product_ms: delayOf(product).p99Ms,
    call_loop_max_product_ms: delayOf(product).maxMs,
    call_loop_p50_simulator_ms: delayOf(simulator).p50Ms,
    call_loop_p99_simulator_ms: delayOf(simulator).p99Ms,
    call_loop_max_simulator_ms: delayOf(simulator).maxMs,
    call_loop_p50_load_ms: delayOf(load).p50Ms,
    call_loop_p99_load_ms: delayOf(load).p99Ms,
    call_loop_max_load_ms: delayOf(load).maxMs,
    bare_call_loop_p50_ms: delayOf(bare.processes.bare).p50Ms,
    bare_call_loop_p99_ms: delayOf(bare.processes.bare).p99Ms,
    bare_call_loop_max_ms: delayOf(bare.processes.bare).maxMs,
    bare_calls_requested: bareCalls,
    bare_call_answer_p50_ms: bare.outcome.answerP50Ms,
    bare_call_answer_p99_ms: bare.outcome.answerP99Ms,
  };
}

function delayOf({ loop }: PhaseCost): LoopDelay {
  if (!loop) throw new TypeError('The event loop was not watched');
  return loop;
}

function idleOf(cost: Measured<string>): string {
  return Object.entries(cost)
    .map(([name, { idleCpuMsPerSecond }]) => `${name} ${idleCpuMsPerSecond.toFixed(1)}`)
    .join(', ');
}
