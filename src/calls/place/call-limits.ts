import type { DomainError } from '../../common/errors/domain-error.js';
import type { InstanceRef } from '../../instances/instance-values.js';
import { closedUntil } from '../../whatsapp/whatsapp-signals.js';
import { WhatsAppRestricted } from '../../whatsapp/whatsapp.errors.js';
import { plusMs, secondsOf, secondsUntil } from '../call-times.js';
import { CallPacing, NumberCooldown, TooManyCalls } from '../errors.js';

/** What is going on at an instance at the moment in which a call asks to be let in. */
export interface CallTraffic {
  /** Calls that have not ended. */
  readonly liveCalls: number;
  /** When the newest call was requested that a pause still counts from; `null` when there is none. */
  readonly lastCallAt: Date | null;
  /** The same for the number that is asked for. */
  readonly lastCallToNumberAt: Date | null;
  /** Until the first live call ends; `undefined`: it is not known. */
  firstEndInMs(): number | undefined;
}

/**
 * Why a call may not start now; `undefined`: it may.
 * @param holdsToken a trust token of the callee is held; it is asked for only where `dependsOnToken`
 */
export function refusalOf(
  instance: InstanceRef,
  traffic: CallTraffic,
  now: Date,
  holdsToken: boolean,
): DomainError | undefined {
  const { maxConcurrentCalls, minSecondsBetweenCalls, restriction } = instance;
  if (traffic.liveCalls >= maxConcurrentCalls) {
    const firstEndInMs = traffic.firstEndInMs();
    return new TooManyCalls(firstEndInMs === undefined ? undefined : secondsOf(firstEndInMs));
  }
  const restricted = restriction && WhatsAppRestricted.during(restriction, holdsToken, now);
  if (restricted) return restricted;
  const nextCallAt = endOfPause(traffic.lastCallAt, minSecondsBetweenCalls);
  if (nextCallAt > now) return new CallPacing(minSecondsBetweenCalls, secondsUntil(nextCallAt, now));
  return cooldownOf(instance, traffic.lastCallToNumberAt, now);
}

/** The part of `refusalOf` that concerns the number alone. */
export function cooldownOf(
  { numberCooldownSeconds }: InstanceRef,
  lastCallToNumberAt: Date | null,
  now: Date,
): NumberCooldown | undefined {
  const nextAt = endOfPause(lastCallToNumberAt, numberCooldownSeconds);
  return nextAt > now ? new NumberCooldown(numberCooldownSeconds, secondsUntil(nextAt, now)) : undefined;
}

/** True when WhatsApp keeps the account from calling, except those whose trust token it holds. */
export function dependsOnToken(instance: InstanceRef, now: Date): boolean {
  return isClosed(instance, false, now) && !isClosed(instance, true, now);
}

/** A call that was requested later than this still counts; `null`: there is no pause. */
export function startOfPause(now: Date, seconds: number): Date | null {
  return seconds > 0 ? plusMs(now, -seconds * 1000) : null;
}

function isClosed({ restriction }: InstanceRef, holdsToken: boolean, now: Date): boolean {
  return restriction !== null && closedUntil(restriction, holdsToken, now) !== undefined;
}

/** Without a pause none ends: calls that ask at once are let in one by one, so the one before may be the later one. */
function endOfPause(last: Date | null, seconds: number): Date {
  return last && seconds > 0 ? plusMs(last, seconds * 1000) : new Date(0);
}
