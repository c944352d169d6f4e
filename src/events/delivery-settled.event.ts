import type { DeliveryOutcome } from './delivery-outcome.js';
import type { DueDelivery } from './due-delivery.js';
import type { SwitchedOffWebhook } from './settlements.repository.js';

/** What came of a delivery, or of a try, is stored. */
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
