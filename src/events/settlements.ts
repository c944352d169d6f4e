import { Injectable } from '@nestjs/common';
import { EventBus } from '../common/events/event-bus.js';
import { Log } from '../common/logging/log.js';
import { DeliverySettled, WebhookSwitchedOff } from './delivery-settled.event.js';
import type { DueDelivery } from './due-delivery.js';
import { laneKey } from './due-delivery.js';
import {
  SettlementsRepository,
  type SettledDelivery,
  type SwitchedOffWebhook,
} from './settlements.repository.js';

const MAX_BATCH = 200;

interface Waiting {
  readonly settled: SettledDelivery;
  readonly resolve: (next: DueDelivery | undefined) => void;
  readonly reject: (error: unknown) => void;
}

/** Somebody else holds the webhook at the moment. */
export class WebhookLocked extends Error {
  constructor() {
    super('The webhook is being changed or deleted');
  }
}

/** Gathers what comes in while a write is under way into the next one: a transaction for each delivery would be the bottleneck. */
@Injectable()
export class Settlements {
  private waiting: Waiting[] = [];
  private isWriting = false;

  constructor(
    private readonly repository: SettlementsRepository,
    private readonly events: EventBus,
    private readonly log: Log,
  ) {}

  /**
   * Resolves when it is stored: with the next delivery of the lane, if it goes on and there is one.
   * @throws WebhookLocked when it was not stored, and may be later
   */
  settle(settled: SettledDelivery): Promise<DueDelivery | undefined> {
    return new Promise((resolve, reject) => {
      this.waiting.push({ settled, resolve, reject });
      if (this.isWriting) return;
      this.isWriting = true;
      void this.write();
    });
  }

  private async write(): Promise<void> {
    // What becomes ready in the same turn of the event loop goes together.
    await Promise.resolve();
    while (this.waiting.length > 0) {
      const batch = this.waiting.splice(0, MAX_BATCH);
      try {
        const stored = await this.repository.settle(batch.map(({ settled }) => settled));
        for (const webhook of stored.switchedOff) this.report(webhook);
        const outcomes = new Map(stored.settled.map(({ delivery, outcome }) => [laneKey(delivery), outcome]));
        const byLane = new Map(stored.next.map((delivery) => [laneKey(delivery), delivery]));
        for (const { settled, resolve, reject } of batch) {
          const key = laneKey(settled.delivery);
          const outcome = outcomes.get(key);
          if (!outcome) {
            reject(new WebhookLocked());
            continue;
          }
          void this.events.publish(new DeliverySettled(settled.delivery, outcome));
          resolve(byLane.get(key));
        }
      } catch (error) {
        for (const { reject } of batch) reject(error);
      }
    }
    // Before those who were told get their turn: what they settle at once would find nobody to write it.
    this.isWriting = false;
  }

  private report(webhook: SwitchedOffWebhook): void {
    const { webhookId, instanceId, accountId, instance, label, reason } = webhook;
    const details = { webhookId, instanceId, accountId, instance, label, reason };
    this.log.warn('A webhook was switched off', details);
    void this.events.publish(new WebhookSwitchedOff(webhook));
  }
}
