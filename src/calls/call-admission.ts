import type { DomainError } from '../common/errors/domain-error.js';
import type { InstanceRef } from '../instances/instance-values.js';
import { closedUntil } from '../whatsapp/whatsapp-signals.js';
import { WhatsAppRestricted } from '../whatsapp/whatsapp.errors.js';
import { plusMs, secondsOf, secondsUntil } from './call-times.js';
import { CallPacing, NumberCooldown, TooManyCalls } from './calls.errors.js';

/** What is going on at an instance at the moment in which a call asks to be let in. */
export interface CallTraffic {
  /** Calls that have not ended. */
  readonly liveCalls: number;
  /** When the newest call was requested that a pause still counts from; `null` when there is none. */
  readonly lastCallAt: Date | null;
  /** The same for the number that is asked for. */
  readonly lastCallToNumberAt: Date | null;
}

/** Traffic within which a call may start. */
export interface AdmissionLimits {
  /** Fewer calls than this are live. */
  readonly liveCalls: number;
  /** The newest call was requested at this time or earlier; `null`: there is no pause. */
  readonly lastCallBy: Date | null;
  /** The same for the number that is asked for. */
  readonly lastCallToNumberBy: Date | null;
}

/**
 * The limits of an instance: traffic that is outside them has a refusal.
 * @param holdsToken a trust token of the callee is held; it is asked for only where `dependsOnToken`
 */
export function limitsOf(instance: InstanceRef, now: Date, holdsToken: boolean): AdmissionLimits {
  const { maxConcurrentCalls, minSecondsBetweenCalls, numberCooldownSeconds } = instance;
  return {
    liveCalls: isClosed(instance, holdsToken, now) ? 0 : maxConcurrentCalls,
    lastCallBy: startOfPause(now, minSecondsBetweenCalls),
    lastCallToNumberBy: startOfPause(now, numberCooldownSeconds),
  };
}

/**
 * Why a call may not start now; `undefined`: it may.
 * @param traffic with the time until the first live call ends, as far as one is known
 * @param holdsToken as for `limitsOf`
 */
export function refusalOf(
  instance: InstanceRef,
  traffic: CallTraffic & { readonly firstEndInMs: number | undefined },
  now: Date,
  holdsToken: boolean,
): DomainError | undefined {
  if (traffic.liveCalls >= instance.maxConcurrentCalls) {
    const { firstEndInMs } = traffic;
    return new TooManyCalls(firstEndInMs === undefined ? undefined : secondsOf(firstEndInMs));
  }
  const restricted = instance.restriction && WhatsAppRestricted.during(instance.restriction, holdsToken, now);
  if (restricted) return restricted;
  const { minSecondsBetweenCalls, numberCooldownSeconds } = instance;
  const nextCallAt = endOfPause(traffic.lastCallAt, minSecondsBetweenCalls);
  if (nextCallAt > now) return new CallPacing(minSecondsBetweenCalls, secondsUntil(nextCallAt, now));
  const nextToNumberAt = endOfPause(traffic.lastCallToNumberAt, numberCooldownSeconds);
  if (nextToNumberAt > now) {
    return new NumberCooldown(numberCooldownSeconds, secondsUntil(nextToNumberAt, now));
  }
  return undefined;
}

/** True when WhatsApp keeps the account from calling, except those whose trust token it holds. */
export function dependsOnToken(instance: InstanceRef, now: Date): boolean {
  return isClosed(instance, false, now) && !isClosed(instance, true, now);
}

function isClosed({ restriction }: InstanceRef, holdsToken: boolean, now: Date): boolean {
  return restriction !== null && closedUntil(restriction, holdsToken, now) !== undefined;
}

function startOfPause(now: Date, seconds: number): Date | null {
  return seconds > 0 ? plusMs(now, -seconds * 1000) : null;
}

/** Without a pause none ends: calls that ask at once are let in one by one, so the one before may be the later one. */
function endOfPause(last: Date | null, seconds: number): Date {
  return last && seconds > 0 ? plusMs(last, seconds * 1000) : new Date(0);
}
