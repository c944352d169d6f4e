import type { ThrottlerStorage } from '@nestjs/throttler';
import type { Clock } from '../common/time/clock.js';

type Hits = Awaited<ReturnType<ThrottlerStorage['increment']>>;

interface Window {
  readonly endsAtMs: number;
  hits: number;
}

/**
 * Counts requests in fixed windows, one number for each key: a window begins with the first request of a key, and
 * when it ends, the count starts anew. In memory, so each process counts for itself.
 */
export class FixedWindowStorage implements ThrottlerStorage {
  private readonly windows = new Map<string, Window>();
  private sweepAtMs = 0;

  constructor(private readonly clock: Clock) {}

  increment(key: string, ttlMs: number, limit: number): Promise<Hits> {
    const nowMs = this.clock.monotonicMs();
    this.sweep(nowMs, ttlMs);
    const known = this.windows.get(key);
    const window = known && known.endsAtMs > nowMs ? known : { endsAtMs: nowMs + ttlMs, hits: 0 };
    this.windows.set(key, window);
    window.hits += 1;
    const leftSeconds = (window.endsAtMs - nowMs) / 1000;
    return Promise.resolve({
      totalHits: window.hits,
      timeToExpire: leftSeconds,
      isBlocked: window.hits > limit,
      timeToBlockExpire: window.hits > limit ? leftSeconds : 0,
    });
  }

  /** Number of keys that are remembered. */
  get size(): number {
    return this.windows.size;
  }

  /** Once in a window's length everything that ended is forgotten, so that strangers cannot fill the memory. */
  private sweep(nowMs: number, ttlMs: number): void {
    if (nowMs < this.sweepAtMs) return;
    this.sweepAtMs = nowMs + ttlMs;
    for (const [key, window] of this.windows) if (window.endsAtMs <= nowMs) this.windows.delete(key);
  }
}
