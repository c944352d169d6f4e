import { setTimeout as sleep } from 'node:timers/promises';
import { EventLoopWatch, type LoopDelay } from './event-loop-watch.js';
import type { ProcessSample } from './probed-process.js';

/** Keep-alives of sessions come every 30 seconds: a shorter time would see some of them only. */
const IDLE_SECONDS = 30;

/** Samples a process, or several that work as one; a `reset` begins the watch of its event loop, where it has one. */
export type Meter = (kind: 'cpu' | 'reset') => Promise<Pick<ProcessSample, 'cpuMs' | 'loop'>>;

export interface PhaseCost {
  /** CPU time beyond what the process needed while nothing happened. */
  readonly cpuMs: number;
  /** What it needed then. */
  readonly idleCpuMsPerSecond: number;
  /** Of the work alone; `null`: there is no event loop. */
  readonly loop: LoopDelay | null;
}

/** This process, which makes the load. */
export function ownMeter(): Meter {
  const watch = new EventLoopWatch();
  return (kind) => {
    const { user, system } = process.cpuUsage();
    const sample = { cpuMs: (user + system) / 1000, loop: watch.delay };
    if (kind === 'reset') watch.reset();
    return Promise.resolve(sample);
  };
}

/**
 * Measures some work: first all processes do nothing for a while, so that what they cost anyhow is known, then come the work
 * and its tail.
 * @param tailMs what the work set off goes on for this long after it
 */
export async function costOfPhase<Name extends string, T>(
  meters: Readonly<Record<Name, Meter>>,
  tailMs: number,
  work: () => Promise<T>,
): Promise<{ readonly result: T; readonly cost: Readonly<Record<Name, PhaseCost>> }> {
  const names = Object.keys(meters) as Name[];
  const sample = async (kind: 'cpu' | 'reset') => {
    const samples = await Promise.all(names.map((name) => meters[name](kind)));
    return { atMs: performance.now(), samples };
  };
  const idleFrom = await sample('reset');
  await sleep(IDLE_SECONDS * 1000);
  const from = await sample('reset');
  const result = await work();
  const worked = await sample('cpu');
  await sleep(tailMs);
  const to = await sample('cpu');
  const costs = names.map((name, index): [Name, PhaseCost] => {
    const cpuMs = ({ samples }: typeof to): number => samples[index]?.cpuMs ?? 0;
    const idlePerMs = (cpuMs(from) - cpuMs(idleFrom)) / (from.atMs - idleFrom.atMs);
    return [
      name,
      {
        cpuMs: cpuMs(to) - cpuMs(from) - idlePerMs * (to.atMs - from.atMs),
        idleCpuMsPerSecond: idlePerMs * 1000,
        loop: worked.samples[index]?.loop ?? null,
      },
    ];
  });
  return { result, cost: Object.fromEntries(costs) as Record<Name, PhaseCost> };
}
