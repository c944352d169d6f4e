/** A line of deliveries of one webhook. */
export interface Lane {
  readonly webhookId: string;
  readonly lane: string;
}

/** The first delivery of a claimed lane, and where it goes as configured now. */
export interface DueDelivery extends Lane {
  readonly deliveryId: string;
  readonly eventId: string;
  readonly event: string;
  readonly body: string;
  readonly attempts: number;
  /** Since the event was queued for the webhook, when this was handed out. */
  readonly queuedSeconds: number;
  readonly instanceId: string;
  readonly accountId: string;
  /** Name of the instance. */
  readonly instance: string;
  readonly label: string;
  readonly enabled: boolean;
  /** When the owner changed the webhook last. */
  readonly configuredAt: Date;
  /** Empty = `sealedUrl` holds it, see `openUrl`. */
  readonly url: string | null;
  readonly sealedUrl: Buffer | null;
  readonly byEvents: boolean;
  /** Sealed. */
  readonly headers: Buffer | null;
  /** Sealed. */
  readonly authorizationValue: Buffer | null;
  /** Sealed. */
  readonly secret: Buffer | null;
  /** Sealed; `null` once its time is over. */
  readonly previousSecret: Buffer | null;
}

/** Lanes are told apart by this in memory. */
export function laneKey({ webhookId, lane }: Lane): string {
  return `${webhookId} ${lane}`;
}
