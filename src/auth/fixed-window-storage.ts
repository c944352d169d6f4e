import type { Clock } from '../common/time/clock.js';
import { hitsOf, WindowStorage, type Hits } from './window-storage.js';

/** How often what has ended is forgotten, so that strangers cannot fill the memory. */
const SWEEP_EVERY_MS = 60_000;

interface Window {
  readonly endsAtMs: number;
  hits: number;
}

/** Counts in memory, so each process counts for itself. */
export class FixedWindowStorage extends WindowStorage {
  private readonly windows = new Map<string, Window>();
  private sweepAtMs = 0;

  constructor(private readonly clock: Clock) {
    super();
  }

  increment(key: string, ttlMs: number, limit: number): Promise<Hits> {
    const nowMs = this.clock.monotonicMs();
    this.sweep(nowMs);
    const known = this.windows.get(key);
    const window = known && known.endsAtMs > nowMs ? known : { endsAtMs: nowMs + ttlMs, hits: 0 };
    this.windows.set(key, window);
    window.hits += 1;
    return Promise.resolve(hitsOf(window.hits, (window.endsAtMs - nowMs) / 1000, limit));
  }

  blockedSeconds(key: string, limit: number): number {
    const window = this.windows.get(key);
    if (!window || window.hits < limit) return 0;
    return Math.max(0, (window.endsAtMs - this.clock.monotonicMs()) / 1000);
  }

  /** Number of keys that are remembered. */
  get size(): number {
    return this.windows.size;
  }

  private sweep(nowMs: number): void {
    if (nowMs < this.sweepAtMs) return;
    this.sweepAtMs = nowMs + SWEEP_EVERY_MS;
    for (const [key, window] of this.windows) if (window.endsAtMs <= nowMs) this.windows.delete(key);
  }
}
