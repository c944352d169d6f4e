import type { DeliveryOutcome } from './delivery-outcome.js';
import type { DueDelivery } from './due-delivery.js';

/** What came of a delivery, or of a try, is stored. */
export class DeliverySettled {
  constructor(
    readonly delivery: DueDelivery,
    readonly outcome: DeliveryOutcome,
  ) {}
}
