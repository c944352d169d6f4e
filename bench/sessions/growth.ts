import type { ProcessSample } from '../support/probed-process.js';
import { slope } from '../support/statistics.js';

/** A process with this many sessions. */
export interface SizePoint {
  readonly sessions: number;
  /** After a garbage collection. */
  readonly memory: ProcessSample;
  /** CPU time that opening the sessions since the point before took; 0 for the first point. */
  readonly connectCpuMs: number;
}

export interface SessionCost {
  readonly rssKbPerSession: number;
  readonly heapKbPerSession: number;
  readonly connectCpuMsPerSession: number;
}

const KB = 1024;

/**
 * Costs of one more session: the slope over the sizes, so that what the process needs anyhow is left out. The first point is
 * the warm-up: code is compiled and the heap takes its room then.
 */
export function costOfSession([warmUp, ...points]: readonly SizePoint[]): SessionCost {
  const perSession = (value: (sample: ProcessSample) => number): number =>
    slope(points.map(({ sessions, memory }) => ({ x: sessions, y: value(memory) }))) / KB;
  const opened = (points.at(-1)?.sessions ?? 0) - (warmUp?.sessions ?? 0);
  const cpuMs = points.reduce((sum, { connectCpuMs }) => sum + connectCpuMs, 0);
  return {
    rssKbPerSession: perSession(({ rss }) => rss),
    heapKbPerSession: perSession(({ heapUsed }) => heapUsed),
    connectCpuMsPerSession: cpuMs / Math.max(1, opened),
  };
}

/** How many sessions each step opens: a few to warm the code up, then equal parts. */
export function stepSizes(sessions: number, steps: number): number[] {
  const warmUp = Math.min(20, Math.ceil(sessions / 10));
  const each = Math.floor((sessions - warmUp) / steps);
  const sizes = [warmUp, ...new Array<number>(steps).fill(each)];
  sizes[sizes.length - 1] = (sizes.at(-1) ?? 0) + sessions - warmUp - each * steps;
  return sizes;
}
