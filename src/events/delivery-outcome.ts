import { pauseMsOf } from './retry-after.js';
import { errorOf } from './send-failure.js';

/** What came of a try; see `SendResult`. */
export type AttemptResult =
  | {
      readonly kind: 'answered';
      readonly status: number;
      /** The header of this name, as is the next. */
      readonly retryAfter?: string;
      readonly date?: string;
    }
  | { readonly kind: 'failed'; readonly reason: string };

/** What a try means for its delivery. */
export type DeliveryOutcome =
  | { readonly kind: 'delivered'; readonly status: number }
  | {
      readonly kind: 'retry';
      readonly status: number | null;
      readonly error: string;
      readonly delayMs: number;
      /** Set when the receiver wants nothing for so long. */
      readonly pauseMs?: number;
    }
  | {
      readonly kind: 'dead';
      readonly status: number | null;
      readonly error: string;
      /** Set when the whole webhook is to be disabled. */
      readonly disabledReason?: string;
      readonly pauseMs?: number;
    }
  /** Nothing is known to have reached the receiver as it is now; the try does not count. */
  | { readonly kind: 'released' };

export interface RetryPlan {
  /** Seconds before the second, third, … try; after the last one a delivery is dead. */
  readonly delaysSeconds: readonly number[];
  /** A number from 0 to 1, so that receivers that came down together are not tried together. */
  readonly random: () => number;
  readonly now: Date;
}

/** Each delay is made up to 10 % shorter or longer. */
const JITTER = 0.1;
const GONE = 410;

/** What is wrong with what came of a try; `null` = nothing: 2xx is success. */
export function faultOf(result: AttemptResult): string | null {
  if (result.kind === 'failed') return errorOf(result.reason);
  return result.status >= 200 && result.status < 300 ? null : `HTTP ${result.status}`;
}

/**
 * 2xx is success, 410 ends the webhook (Standard Webhooks 1.0), everything else is tried again, and not before the receiver wants it.
 */
export function outcomeOf(result: AttemptResult, attemptsBefore: number, plan: RetryPlan): DeliveryOutcome {
  if (result.kind === 'failed') {
    if (result.reason === 'aborted' || result.reason === 'busy') return { kind: 'released' };
    return afterFailure(null, errorOf(result.reason), attemptsBefore, plan);
  }
  const { status } = result;
  const error = faultOf(result);
  if (error === null) return { kind: 'delivered', status };
  if (status === GONE) {
    return { kind: 'dead', status, error, disabledReason: 'The receiver answered 410 Gone' };
  }
  const pauseMs = pauseMsOf(result, plan.now);
  const outcome = afterFailure(status, error, attemptsBefore, plan);
  if (pauseMs === undefined) return outcome;
  return outcome.kind === 'retry'
    ? { ...outcome, pauseMs, delayMs: Math.max(outcome.delayMs, pauseMs) }
    : { ...outcome, pauseMs };
}

function afterFailure(
  status: number | null,
  error: string,
  attemptsBefore: number,
  { delaysSeconds, random }: RetryPlan,
): DeliveryOutcome & { readonly kind: 'retry' | 'dead' } {
  const delaySeconds = delaysSeconds[attemptsBefore];
  if (delaySeconds === undefined) return { kind: 'dead', status, error };
  return {
    kind: 'retry',
    status,
    error,
    delayMs: delaySeconds * 1000 * (1 - JITTER + 2 * JITTER * random()),
  };
}
