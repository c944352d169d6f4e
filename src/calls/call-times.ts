import type { Call } from './store/call.entity.js';

/** WhatsApp's callees stop by themselves after 60 s; some seconds more let the offer and its answers travel. */
export const LONGEST_CALL_MS = 65_000;

/** How long the server may take for its verdict on an offer. */
export const VERDICT_MS = 15_000;

/**
 * How long a session that is to end waits for its calls to be hung up. Writing a handful of stanzas takes milliseconds; a
 * session that is slower than this is lost.
 */
export const HANG_UP_ALL_MS = 3_000;

/** Ringing counts from the first device that says it rings, else from the server's acceptance of the offer. */
export function plannedHangUpAt(
  call: Pick<Call, 'durationSeconds' | 'acceptedAt' | 'ringingAt' | 'hangUpAt'>,
): Date {
  const { acceptedAt, ringingAt } = call;
  const from = ringingAt ?? acceptedAt;
  if (!from) return call.hangUpAt;
  const planned = from.getTime() + call.durationSeconds * 1000;
  const latest = acceptedAt ? acceptedAt.getTime() + LONGEST_CALL_MS : Infinity;
  return new Date(Math.min(planned, latest));
}

/** True when the call was cancelled without a connection: it is to be hung up earlier than planned. */
export function isBroughtForward(call: Call): boolean {
  return call.hangUpAt.getTime() < plannedHangUpAt(call).getTime();
}

/** From this time on no phone rings any more, whether or not somebody hung up. */
export function silentFrom(call: Pick<Call, 'durationSeconds' | 'acceptedAt' | 'hangUpAt'>): Date {
  const offeredAtMs = call.acceptedAt?.getTime() ?? call.hangUpAt.getTime() - call.durationSeconds * 1000;
  return new Date(Math.max(call.hangUpAt.getTime(), offeredAtMs + LONGEST_CALL_MS));
}

export function plusMs(time: Date, ms: number): Date {
  return new Date(time.getTime() + ms);
}

/** Whole seconds from `now` until `time`, at least 1; for `Retry-After`. */
export function secondsUntil(time: Date, now: Date): number {
  return secondsOf(time.getTime() - now.getTime());
}

/** The same for a span. */
export function secondsOf(ms: number): number {
  return Math.max(1, Math.ceil(ms / 1000));
}

/**
 * How long it rang; `null` until it is over, or when nothing rang. Signals and hang-ups are timed by different events, so a ring
 * that ended as it began must not come out negative.
 */
export function ringSecondsOf({ ringingAt, endedAt }: Pick<Call, 'ringingAt' | 'endedAt'>): number | null {
  return ringingAt && endedAt ? Math.max(0, endedAt.getTime() - ringingAt.getTime()) / 1000 : null;
}
