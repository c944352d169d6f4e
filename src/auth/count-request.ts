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
  // Hashed here, because a storage outside the process would show tokens and addresses as its keys.
  const key = createHash('sha256').update(`${name}:${tracker}`).digest('base64url');
  const hit = await storage.increment(key, ttlMs, limit, ttlMs, name);
  const remaining = Math.max(0, limit - hit.totalHits);
  const told = response.getHeader(REMAINING);
  // Of two budgets that apply, the one that is used up first is told.
  if (told === undefined || remaining <= Number(told)) {
    const resetMs = Math.round(clock.now().getTime() + hit.timeToExpire * 1000);
    response.setHeader(LIMIT, String(limit));
    response.setHeader(REMAINING, String(remaining));
    response.setHeader(RESET, String(Math.ceil(resetMs / 1000)));
  }
  if (hit.isBlocked) throw new RateLimitExceeded(Math.max(1, Math.ceil(hit.timeToBlockExpire)));
}
