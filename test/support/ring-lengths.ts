import type { CallRecord } from '../simulator/index.js';

/**
 * How long the phones of a call rang: for each device the milliseconds from the moment when the first of them rang, because the
 * product counts from its word. On a busy machine others may begin later, and they stop with it.
 */
export function ringLengths({ devices }: Pick<CallRecord, 'devices'>): number[] {
  const firstRangAt = Math.min(...devices.map(({ ringingSince = 0 }) => ringingSince));
  return devices.map(({ ringStoppedAt = 0 }) => ringStoppedAt - firstRangAt);
}
