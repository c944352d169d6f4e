import type { Lane } from '../common/events/webhook-event.js';
import type { SwitchedOffWebhook } from '../webhooks/store/webhook-values.js';
import type { DeliveryOutcome } from './delivery-outcome.js';

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
  /** The last attempt of the webhook failed. */
  readonly isFailing: boolean;
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

/** What came of the first delivery of a claimed lane. */
export interface SettledDelivery {
  readonly delivery: DueDelivery;
  readonly outcome: DeliveryOutcome;
  /** Whether the next delivery of the lane is wanted, if this one is over. */
  readonly goOn: boolean;
}

/** What came of a delivery, or of an attempt, is stored. */
export class DeliverySettled {
  constructor(
    readonly delivery: DueDelivery,
    readonly outcome: DeliveryOutcome,
  ) {}
}

/** A webhook was disabled by the service. */
export class WebhookSwitchedOff {
  constructor(readonly webhook: SwitchedOffWebhook) {}
}

/** Lanes are told apart by this in memory. */
export function laneKey({ webhookId, lane }: Lane): string {
  return `${webhookId} ${lane}`;
}
