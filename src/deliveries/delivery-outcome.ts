import { errorOf } from '../webhooks/sending/send-failure.js';

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

/** What a receiver answered; the headers as they came. */
interface Answer {
  readonly status: number;
  readonly retryAfter?: string;
  readonly date?: string;
}

/** The statuses for which RFC 9110 and RFC 6585 know the header. */
const STATUSES = [429, 503];
/** Who asks for more would lose events by a mistake in a header. */
const LONGEST_MS = 60 * 60 * 1000;

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
const MONTH = `(?<month>${MONTHS.join('|')})`;
const TIME = String.raw`(?<time>\d{2}:\d{2}:\d{2})`;
/** The three forms of a date in RFC 9110, 5.6.7, of which the first is the one in use. */
const DATES = [
  new RegExp(String.raw`^[A-Z][a-z]{2}, (?<day>\d{2}) ${MONTH} (?<year>\d{4}) ${TIME} GMT$`),
  new RegExp(String.raw`^[A-Z][a-z]{5,8}, (?<day>\d{2})-${MONTH}-(?<year>\d{2}) ${TIME} GMT$`),
  new RegExp(String.raw`^[A-Z][a-z]{2} ${MONTH} (?<day>[ \d]\d) ${TIME} (?<year>\d{4})$`),
];

/**
 * How long the receiver asks to be left alone; `undefined`: it does not ask, or not in a way that can be understood. A date is
 * compared with the receiver's own clock where it shows it.
 */
export function pauseMsOf({ status, retryAfter = '', date = '' }: Answer, now: Date): number | undefined {
  if (!STATUSES.includes(status)) return undefined;
  const text = retryAfter.trim();
  const until = timeOf(text, now);
  const pauseMs = /^\d+$/.test(text)
    ? Number(text) * 1000
    : until && until - (timeOf(date.trim(), now) ?? now.getTime());
  return pauseMs !== undefined && pauseMs > 0 ? Math.min(pauseMs, LONGEST_MS) : undefined;
}

function timeOf(text: string, now: Date): number | undefined {
  for (const form of DATES) {
    const { day = '', month = '', year = '', time = '' } = form.exec(text)?.groups ?? {};
    if (month === '') continue;
    const monthNumber = String(MONTHS.indexOf(month) + 1).padStart(2, '0');
    const parsed = new Date(`${fullYear(year, now)}-${monthNumber}-${day.trim().padStart(2, '0')}T${time}Z`);
    // A day that the month does not have would be one of the next month.
    return parsed.getUTCDate() === Number(day) ? parsed.getTime() : undefined;
  }
  return undefined;
}

/** Two digits that seem to be more than 50 years ahead are of the past. */
function fullYear(digits: string, now: Date): string {
  if (digits.length !== 2) return digits;
  const century = now.getUTCFullYear() - (now.getUTCFullYear() % 100);
  const year = century + Number(digits);
  return String(year > now.getUTCFullYear() + 50 ? year - 100 : year);
}
