/** How far a key is with its limit. Named as the throttler wants it; times are seconds. */
export interface Hits {
  readonly totalHits: number;
  /** Until the window ends and the count starts anew. */
  readonly timeToExpire: number;
  /** More hits than the limit. */
  readonly isBlocked: boolean;
  /** 0 = not blocked. */
  readonly timeToBlockExpire: number;
}

/**
 * Counts hits in fixed windows, one number for each key: a window begins with the first hit of a key, and when it ends,
 * the count starts anew.
 */
export abstract class WindowStorage {
  /**
   * Counts one hit.
   * @param key the same for everybody who shares a budget; no secret, it may be stored
   * @param ttlMs length of a window that begins now
   */
  abstract increment(key: string, ttlMs: number, limit: number): Promise<Hits>;

  /**
   * Seconds until the window of a key ends that has used up its limit, as far as this process knows; 0 = it has not. Counts
   * nothing.
   */
  abstract blockedSeconds(key: string, limit: number): number;
}

export function hitsOf(totalHits: number, leftSeconds: number, limit: number): Hits {
  const isBlocked = totalHits > limit;
  return { totalHits, timeToExpire: leftSeconds, isBlocked, timeToBlockExpire: isBlocked ? leftSeconds : 0 };
}
