/** More types than this are certainly a mistake. */
export const MAX_EVENT_TYPES = 50;

const EVENT_TYPE = /^[A-Za-z0-9_.*-]{1,64}$/;

/** Types that this product never emits are accepted, so that a configuration written for another gateway keeps working. */
export function isEventType(value: unknown): value is string {
  return typeof value === 'string' && EVENT_TYPE.test(value);
}

/** Each type once, in the order given. */
export function distinct(events: readonly string[] | null | undefined): string[] {
  return [...new Set(events ?? [])];
}
