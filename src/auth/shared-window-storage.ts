import { LRUCache } from 'lru-cache';
import type { DataSource } from 'typeorm';
import { DatabaseUnavailable } from '../common/database/database-unavailable.js';
import type { Log } from '../common/logging/log.js';
import type { Clock } from '../common/time/clock.js';
import { FixedWindowStorage } from './fixed-window-storage.js';
import { hitsOf, WindowStorage, type Hits } from './window-storage.js';

const SWEEP_EVERY_MS = 60_000;
/** Few enough that a statement is short; what is left over goes with the next sweep. */
const SWEEP_ROWS = 50_000;
const REMEMBERED_BLOCKS = 10_000;

/** The windows end by the database's clock, which is the one that all processes share. */
const COUNT = `
  INSERT INTO rate_limit_windows AS known (key, hits, ends_at)
  VALUES ($1, 1, clock_timestamp() + $2 * interval '1 ms')
  ON CONFLICT (key) DO UPDATE SET
    hits = CASE WHEN known.ends_at > excluded.ends_at - $2 * interval '1 ms' THEN known.hits + 1 ELSE 1 END,
    ends_at = CASE WHEN known.ends_at > excluded.ends_at - $2 * interval '1 ms' THEN known.ends_at ELSE excluded.ends_at END
  RETURNING hits, greatest(0, extract(epoch FROM ends_at - clock_timestamp()))::double precision AS "leftSeconds"`;

/** Rows that somebody is counting in are not waited for. */
const SWEEP = `
  DELETE FROM rate_limit_windows WHERE key IN (
    SELECT key FROM rate_limit_windows WHERE ends_at < now() LIMIT $1 FOR UPDATE SKIP LOCKED
  )`;

/**
 * Counts in the database, so that all processes share one budget, in one statement for each hit. A key that is over its
 * limit is refused from memory until its window ends: a flood does not reach the database. While the database is away each
 * process counts for itself: nobody is refused because nothing could be counted, and nobody is without a limit.
 */
export class SharedWindowStorage extends WindowStorage {
  /** Until when keys are blocked, in monotonic milliseconds. */
  private readonly blockedUntilMs = new LRUCache<string, number>({ max: REMEMBERED_BLOCKS });
  /** The same for keys that have used up their limit; one more hit blocks them. */
  private readonly usedUpUntilMs = new LRUCache<string, number>({ max: REMEMBERED_BLOCKS });
  private readonly own: FixedWindowStorage;
  private sweepAtMs = 0;

  constructor(
    private readonly dataSource: DataSource,
    private readonly clock: Clock,
    private readonly log: Log,
  ) {
    super();
    this.own = new FixedWindowStorage(clock);
  }

  async increment(key: string, ttlMs: number, limit: number): Promise<Hits> {
    const leftSeconds = this.secondsUntil(this.blockedUntilMs.get(key));
    if (leftSeconds > 0) return hitsOf(limit + 1, leftSeconds, limit);
    try {
      return await this.count(key, ttlMs, limit);
    } catch (error) {
      if (!(error instanceof DatabaseUnavailable)) throw error;
      return this.own.increment(key, ttlMs, limit);
    }
  }

  /** Another process may know more: a key that is blocked there is blocked here from its next hit on. */
  blockedSeconds(key: string, limit: number): number {
    return this.secondsUntil(this.usedUpUntilMs.get(key)) || this.own.blockedSeconds(key, limit);
  }

  private secondsUntil(atMs = 0): number {
    return Math.max(0, (atMs - this.clock.monotonicMs()) / 1000);
  }

  private async count(key: string, ttlMs: number, limit: number): Promise<Hits> {
    const [window] = await this.dataSource.query<{ hits: number; leftSeconds: number }[]>(COUNT, [
      key,
      ttlMs,
    ]);
    if (!window) throw new TypeError('A window without a row');
    const hits = hitsOf(window.hits, window.leftSeconds, limit);
    const nowMs = this.clock.monotonicMs();
    if (hits.isBlocked) this.blockedUntilMs.set(key, nowMs + hits.timeToBlockExpire * 1000);
    if (hits.totalHits >= limit) this.usedUpUntilMs.set(key, nowMs + hits.timeToExpire * 1000);
    if (nowMs >= this.sweepAtMs) {
      this.sweepAtMs = nowMs + SWEEP_EVERY_MS;
      void this.sweep();
    }
    return hits;
  }

  /** Never rejects; nobody waits for it, because an ended window starts anew anyway. */
  private async sweep(): Promise<void> {
    try {
      await this.dataSource.query(SWEEP, [SWEEP_ROWS]);
    } catch (err) {
      this.log.debug('Ended rate limit windows could not be deleted', { err });
    }
  }
}
