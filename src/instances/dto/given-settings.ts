import type { InstanceSettings } from '../instance-values.js';

type Given<T> = { readonly [K in keyof T]?: T[K] | null };

/** The settings that were given; `null` counts as not given, and what was not given is `undefined`. */
export function definedSettings(given: Given<InstanceSettings>): Partial<InstanceSettings> {
  return {
    autoRejectCalls: given.autoRejectCalls ?? undefined,
    callRejectMessage: given.callRejectMessage ?? undefined,
    keepOnlineStatus: given.keepOnlineStatus ?? undefined,
    maxConcurrentCalls: given.maxConcurrentCalls ?? undefined,
    minSecondsBetweenCalls: given.minSecondsBetweenCalls ?? undefined,
    numberCooldownSeconds: given.numberCooldownSeconds ?? undefined,
  };
}
