import { Injectable, type BeforeApplicationShutdown, type OnApplicationBootstrap } from '@nestjs/common';
import { EventBus } from '../common/events/event-bus.js';
import { EventStored } from '../common/events/webhook-event.js';
import { WebhookSwitchedOff } from './due-delivery.js';
import { DeliveryRetention } from './delivery-retention.js';
import { DeliveryWorker } from './delivery-worker.js';

/** Events are delivered while the process runs; what is left over waits in the database. */
@Injectable()
export class DeliveriesLifecycle implements OnApplicationBootstrap, BeforeApplicationShutdown {
  constructor(
    private readonly events: EventBus,
    private readonly worker: DeliveryWorker,
    private readonly retention: DeliveryRetention,
  ) {}

  onApplicationBootstrap(): void {
    this.events.on(EventStored, ({ lanes }) => this.worker.added(lanes));
    // What waits for it is given up now, not when its next try would have been.
    this.events.on(WebhookSwitchedOff, ({ webhook }) => this.worker.hurry(webhook.webhookId));
    this.worker.start();
    this.retention.start();
  }

  async beforeApplicationShutdown(): Promise<void> {
    await this.retention.stop();
    await this.worker.stop();
  }
}
