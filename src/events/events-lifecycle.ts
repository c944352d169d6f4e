import { Injectable, type BeforeApplicationShutdown, type OnApplicationBootstrap } from '@nestjs/common';
import { CallChanged } from '../calls/call-changed.event.js';
import { IncomingCallTold } from '../calls/incoming-call-told.event.js';
import { EventBus } from '../common/events/event-bus.js';
import { InstanceStateChanged } from '../instances/instance-state-changed.event.js';
import { WebhookSwitchedOff } from './delivery-settled.event.js';
import { DeliveryRetention } from './delivery-retention.js';
import { DeliveryWorker } from './delivery-worker.js';
import { OutboxDispatcher } from './outbox-dispatcher.js';
import { WebhookUrlSealing } from './webhook-url-sealing.js';

/** Events are handed out and delivered while the process runs; what is left over waits in the database. */
@Injectable()
export class EventsLifecycle implements OnApplicationBootstrap, BeforeApplicationShutdown {
  constructor(
    private readonly events: EventBus,
    private readonly dispatcher: OutboxDispatcher,
    private readonly worker: DeliveryWorker,
    private readonly retention: DeliveryRetention,
    private readonly urlSealing: WebhookUrlSealing,
  ) {}

  onApplicationBootstrap(): void {
    // What these report was stored with an event.
    this.events.on(CallChanged, () => this.dispatcher.wake());
    this.events.on(IncomingCallTold, () => this.dispatcher.wake());
    this.events.on(InstanceStateChanged, () => this.dispatcher.wake());
    this.events.on(WebhookSwitchedOff, async ({ webhook }) => {
      this.dispatcher.wake();
      // What waits for it is given up now, not when its next try would have been.
      await this.worker.hurry(webhook.webhookId);
    });
    this.dispatcher.start();
    this.worker.start();
    this.retention.start();
    this.urlSealing.start();
  }

  async beforeApplicationShutdown(): Promise<void> {
    await this.urlSealing.stop();
    await this.retention.stop();
    await this.dispatcher.stop();
    await this.worker.stop();
  }
}
