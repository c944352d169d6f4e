import { createHash } from 'node:crypto';
import type { ThrottlerStorage } from '@nestjs/throttler';
import type { Response } from 'express';
import type { Clock } from '../common/time/clock.js';
import { RateLimitExceeded } from './auth.errors.js';

const LIMIT = 'X-RateLimit-Limit';
const REMAINING = 'X-RateLimit-Remaining';
const RESET = 'X-RateLimit-Reset';

/** A budget of requests and who uses it. */
export interface Budget {
  readonly name: string;
  /** Tells the caller from others: a token or an address. */
  readonly tracker: string;
  readonly limit: number;
  readonly ttlMs: number;
}

/**
 * Counts one request and tells what is left of the budget.
 * @throws RateLimitExceeded
 */
export async function countRequest(
  { name, tracker, limit, ttlMs }: Budget,
  storage: ThrottlerStorage,
  clock: Clock,
  response: Response,
): Promise<void> {
  const hit = await storage.increment(budgetKey(name, tracker), ttlMs, limit, ttlMs, name);
  const remaining = Math.max(0, limit - hit.totalHits);
  showBudget(response, { limit, remaining, seconds: hit.timeToExpire }, clock);
  if (hit.isBlocked) throw new RateLimitExceeded(Math.max(1, Math.ceil(hit.timeToBlockExpire)));
}

/** Writes a budget and the seconds to its end into the headers. Of several that apply, the one that is used up first stays. */
export function showBudget(
  response: Response,
  { limit, remaining, seconds }: { limit: number; remaining: number; seconds: number },
  clock: Clock,
): void {
  const shown = response.getHeader(REMAINING);
  if (shown !== undefined && remaining > Number(shown)) return;
  const resetMs = Math.round(clock.now().getTime() + seconds * 1000);
  response.setHeader(LIMIT, String(limit));
  response.setHeader(REMAINING, String(remaining));
  response.setHeader(RESET, String(Math.ceil(resetMs / 1000)));
}

/** Hashed, because a storage outside the process would show tokens and addresses as its keys. */
export function budgetKey(name: string, tracker: string): string {
  return createHash('sha256').update(`${name}:${tracker}`).digest('base64url');
}
