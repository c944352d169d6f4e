/** `too_slow`: too much unread; `silent`: no answer to a ping. */
export const DROP_REASONS = ['too_slow', 'silent'] as const;
export type DropReason = (typeof DROP_REASONS)[number];

/** A client was cut off because it did not keep up. */
export class WebSocketDropped {
  constructor(readonly reason: DropReason) {}
}
