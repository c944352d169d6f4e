/** Ids of deliveries and events. */
export const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

export const DELIVERY_STATUSES = ['pending', 'delivered', 'dead'] as const;

/** `dead` = given up, kept for a replay. */
export type DeliveryStatus = (typeof DELIVERY_STATUSES)[number];

/** One event on its way to one webhook. */
export interface Delivery {
  readonly id: string;
  /** Id of the event, as receivers know it. */
  readonly eventId: string;
  readonly event: string;
  /** `null`: the event is not about a call. */
  readonly callId: string | null;
  /** What the event reports. */
  readonly state: string | null;
  /** Label of the webhook. */
  readonly label: string;
  readonly status: DeliveryStatus;
  readonly attempts: number;
  /** HTTP status of the last attempt; `null` = not answered, or not tried yet. */
  readonly responseStatus: number | null;
  /** Why the last attempt failed. */
  readonly error: string | null;
  /** `null` when it is over, or waits for an earlier event of the same call. */
  readonly nextAttemptAt: Date | null;
  readonly createdAt: Date;
  readonly deliveredAt: Date | null;
}

export interface DeliveryFilter {
  readonly status?: DeliveryStatus;
  readonly eventId?: string;
  readonly limit: number;
}
