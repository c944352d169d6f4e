/**
 * The names of RyzeAPI's event catalogue, so that a configuration written for it keeps working. This product emits the first
 * two and never the others. A name outside the catalogue is refused: a webhook that waits for it would stay silent for ever.
 */
export const EVENT_TYPES = [
  'call.update',
  'instance.state',
  'message.exchange',
  'message.status',
  'group.flow',
  'label.update',
] as const;

export function isEventType(value: unknown): boolean {
  return EVENT_TYPES.some((type) => type === value);
}

/** Each type once, in the order given. */
export function distinct(events: readonly string[] | null | undefined): string[] {
  return [...new Set(events ?? [])];
}
