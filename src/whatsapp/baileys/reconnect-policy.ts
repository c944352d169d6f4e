/** What to do after a connection ended. */
export type ReconnectDecision =
  /** Connect again at once; does not count as a failed attempt. */
  | { readonly kind: 'restart' }
  /** Connect again after the delay. */
  | { readonly kind: 'wait'; readonly delayMs: number }
  /** Nobody reconnects by itself; the link to the phone stays. */
  | { readonly kind: 'stop' }
  /** The link is gone. `evidence`: keep the stored credentials, unusable, for a look. */
  | { readonly kind: 'logged_out'; readonly evidence: boolean };

/** WhatsApp Web's own ladder: Fibonacci seconds, capped at 15 minutes (2026 builds). */
const CAP_MS = 900_000;
const JITTER = 0.1;
/** The longest wait that the ladder decides on. */
export const LONGEST_RECONNECT_MS = CAP_MS * (1 + JITTER);
/** A 429 climbs this many rungs more: the server has just asked for less. */
const RATE_LIMIT_RUNGS = 5;
/** After a 440 another client holds the session; its owner may try again once a minute at most. */
const REPLACED_DELAY_MS = 60_000;
const MAX_REPLACED_ATTEMPTS = 1;
const MAX_BAD_SESSION_ATTEMPTS = 5;

/** Another connection of the same session has replaced this one. */
export function isReplaced(code: number): boolean {
  return code === 409 || code === 440;
}

/**
 * @param code disconnect code: HTTP-like, from the stream error, the `<failure>` or the socket
 * @param attempt failed attempts in a row before this one, from 0
 * @param random 0 ≤ random < 1, for the jitter of ±10 %
 */
export function decideReconnect(code: number, attempt: number, random: number): ReconnectDecision {
  switch (code) {
    case 515: // restart required, normal right after linking
      return { kind: 'restart' };
    case 401: // device removed, or logged out on the phone
    case 419:
    case 516:
      return { kind: 'logged_out', evidence: false };
    case 403: // banned or forbidden
      return { kind: 'logged_out', evidence: true };
    case 411: // account has no multi-device
      return { kind: 'stop' };
    case 409:
    case 440: // another connection of the same session has replaced this one
      return attempt < MAX_REPLACED_ATTEMPTS
        ? { kind: 'wait', delayMs: REPLACED_DELAY_MS }
        : { kind: 'stop' };
    case 500: // bad session
      return attempt < MAX_BAD_SESSION_ATTEMPTS ? ladder(attempt, random) : { kind: 'stop' };
    case 429:
      return ladder(attempt + RATE_LIMIT_RUNGS, random);
    default: // 408, 428, 503, 405 (a newer client version may be found, or WhatsApp may relent) and whatever else comes
      return ladder(attempt, random);
  }
}

function ladder(rung: number, random: number): ReconnectDecision {
  const jittered = fibonacciSeconds(rung) * 1000 * (1 - JITTER + 2 * JITTER * random);
  return { kind: 'wait', delayMs: Math.min(CAP_MS, Math.round(jittered)) };
}

/** 1, 1, 2, 3, 5, 8, … */
function fibonacciSeconds(rung: number): number {
  let [current, next] = [1, 1];
  for (let step = 0; step < rung && current * 1000 < CAP_MS; step++) [current, next] = [next, current + next];
  return current;
}
