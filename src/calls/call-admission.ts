import type { DomainError } from '../common/errors/domain-error.js';
import type { InstanceRef } from '../instances/instance-values.js';
import { WhatsAppRestricted } from '../whatsapp/whatsapp.errors.js';
import { plusMs, secondsUntil } from './call-times.js';
import { CallPacing, NumberCooldown, TooManyCalls } from './calls.errors.js';

/** What is going on at an instance at the moment in which a call asks to be let in. */
export interface CallTraffic {
  /** Calls that have not ended. */
  readonly liveCalls: number;
  /** When the first of them ends; `null` without live calls. */
  readonly firstEndsAt: Date | null;
  /** When the newest call was requested; `null` when there is none. */
  readonly lastCallAt: Date | null;
  /** The same for the number that is asked for. */
  readonly lastCallToNumberAt: Date | null;
}

/** Why a call may not start now; `undefined`: it may. */
export function refusalOf(instance: InstanceRef, traffic: CallTraffic, now: Date): DomainError | undefined {
  if (traffic.liveCalls >= instance.maxConcurrentCalls) {
    return new TooManyCalls(secondsUntil(traffic.firstEndsAt ?? now, now));
  }
  const { restrictedUntil, minSecondsBetweenCalls, numberCooldownSeconds } = instance;
  if (restrictedUntil && restrictedUntil > now) return WhatsAppRestricted.known(restrictedUntil, now);
  const nextCallAt = endOfPause(traffic.lastCallAt, minSecondsBetweenCalls);
  if (nextCallAt > now) return new CallPacing(minSecondsBetweenCalls, secondsUntil(nextCallAt, now));
  const nextToNumberAt = endOfPause(traffic.lastCallToNumberAt, numberCooldownSeconds);
  if (nextToNumberAt > now) {
    return new NumberCooldown(numberCooldownSeconds, secondsUntil(nextToNumberAt, now));
  }
  return undefined;
}

/** Without a pause none ends: calls that ask at once are let in one by one, so the one before may be the later one. */
function endOfPause(last: Date | null, seconds: number): Date {
  return last && seconds > 0 ? plusMs(last, seconds * 1000) : new Date(0);
}
