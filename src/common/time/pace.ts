/** So many at once, and then one each time that has passed. */
export interface Pace {
  readonly burst: number;
  readonly everyMs: number;
}

/**
 * When the next one is due, given when the last one was; in the past while some of the burst are left.
 * @param lastDueMs -Infinity: there was none
 */
export function nextDueMs(lastDueMs: number, nowMs: number, { burst, everyMs }: Pace): number {
  return Math.max(lastDueMs, nowMs - burst * everyMs) + everyMs;
}
