import { Injectable } from '@nestjs/common';
import { EventBus } from '../common/events/event-bus.js';
import { Log } from '../common/logging/log.js';
import {
  DeliverySettled,
  WebhookSwitchedOff,
  type DueDelivery,
  type SettledDelivery,
} from './due-delivery.js';
import { LanesRepository, type Settlement } from './lanes.repository.js';
import { WebhooksRepository } from '../webhooks/store/webhooks.repository.js';

const MAX_BATCH = 200;

interface Waiting {
  readonly settled: SettledDelivery;
  readonly resolve: (settlement: Settlement) => void;
  readonly reject: (error: unknown) => void;
}

/** Somebody else holds the webhook at the moment. */
export class WebhookLocked extends Error {
  constructor() {
    super('The webhook is being changed or deleted');
  }
}

/** Gathers what comes in while a write is under way into the next one: a statement for each delivery would be the bottleneck. */
@Injectable()
export class Settlements {
  private waiting: Waiting[] = [];
  private isWriting = false;
  /** Ids of webhooks. */
  private readonly switchingOff = new Set<string>();

  constructor(
    private readonly lanes: LanesRepository,
    private readonly webhooks: WebhooksRepository,
    private readonly events: EventBus,
    private readonly log: Log,
  ) {}

  /**
   * Resolves when it is stored.
   * @throws WebhookLocked when it was not stored, and may be later
   */
  settle(settled: SettledDelivery): Promise<Settlement> {
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
        const settlements = await this.lanes.settle(batch.map(({ settled }) => settled));
        for (const [index, { settled, resolve, reject }] of batch.entries()) {
          const settlement = settlements[index];
          if (!settlement || settlement.isLocked) reject(new WebhookLocked());
          else {
            this.publish(settled, settlement);
            resolve(settlement);
          }
        }
      } catch (error) {
        for (const { reject } of batch) reject(error);
      }
    }
    // Before the callers get their turn: what they settle at once would find nobody to write it.
    this.isWriting = false;
  }

  private publish({ delivery, outcome }: SettledDelivery, { isReleased, switchOffReason }: Settlement): void {
    const counted = isReleased ? ({ kind: 'released' } as const) : outcome;
    void this.events.publish(new DeliverySettled(delivery, counted));
    if (switchOffReason !== undefined) void this.switchOff(delivery, switchOffReason);
  }

  /** Never rejects: the next failure finds the same reason. Of a webhook one is under way at a time. */
  private async switchOff(delivery: DueDelivery, reason: string): Promise<void> {
    if (this.switchingOff.has(delivery.webhookId)) return;
    const { webhookId, instanceId, accountId, instance, label } = delivery;
    const webhook = { webhookId, instanceId, accountId, instance, label, reason };
    this.switchingOff.add(webhookId);
    try {
      if (!(await this.webhooks.switchOff(webhook))) return;
      this.log.warn('A webhook was switched off', webhook);
      await this.events.publish(new WebhookSwitchedOff(webhook));
    } catch (err) {
      this.log.error('A webhook could not be switched off', { ...webhook, err });
    } finally {
      this.switchingOff.delete(webhookId);
    }
  }
}
