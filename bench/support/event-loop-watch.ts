import { monitorEventLoopDelay, type IntervalHistogram } from 'node:perf_hooks';

/** How late the timers of a process ran, in milliseconds. */
export interface LoopDelay {
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly maxMs: number;
}

const RESOLUTION_MS = 10;
const NANOSECONDS_PER_MS = 1e6;

/**
 * Watches how late this process runs its timers. The watch itself takes about 4 ms of CPU time a second, from the first
 * `reset` on and not before, so that what is measured earlier is free of it.
 */
export class EventLoopWatch {
  private histogram: IntervalHistogram | undefined;

  /** Forgets what was seen. */
  reset(): void {
    if (this.histogram) return this.histogram.reset();
    this.histogram = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
    this.histogram.enable();
  }

  /** Since the last `reset`; `null`: there was none. */
  get delay(): LoopDelay | null {
    const { histogram } = this;
    if (!histogram) return null;
    return {
      p50Ms: delayOf(histogram.percentile(50)),
      p99Ms: delayOf(histogram.percentile(99)),
      maxMs: delayOf(histogram.max),
    };
  }
}

/** Node counts the time between two looks, which is the resolution when nothing is late. */
function delayOf(nanoseconds: number): number {
  return Math.max(0, nanoseconds / NANOSECONDS_PER_MS - RESOLUTION_MS);
}
