import { Injectable } from '@nestjs/common';
import { Poller } from '../common/async/poller.js';
import { DatabaseUnavailable } from '../common/database/database-unavailable.js';
import { Log } from '../common/logging/log.js';
import { Clock } from '../common/time/clock.js';
import { DeliveryAttempts } from './delivery-attempts.js';
import { laneKey, type DueDelivery } from './due-delivery.js';
import { LanesRepository } from './lanes.repository.js';
import { Settlements } from './settlements.js';
import type { SettledDelivery } from './settlements.repository.js';
import { WebhookSender } from './webhook-sender.js';

/** How often due retries are looked for; new events wake the worker at once. */
const POLL_MS = 1000;
/** Deliveries in flight in this process. */
const MAX_LANES = 1000;
const MAX_LANES_PER_WEBHOOK = 16;
const MAX_LANES_PER_FAILING_WEBHOOK = 1;
/** How long deliveries in flight may take when the process stops. */
const STOP_GRACE_MS = 1000;
/** Between two tries to store an outcome while the database is away. */
const SETTLE_AGAIN_MS = 250;

/**
 * Delivers what is due: lanes side by side, the deliveries of a lane one after another. A webhook has few places, and one
 * that fails has a single one, so that receivers that hang do not take the places of the others.
 */
@Injectable()
export class DeliveryWorker {
  private readonly running = new Map<string, Promise<void>>();
  private readonly busy = new Map<string, number>();
  private readonly poller: Poller;

  constructor(
    private readonly lanes: LanesRepository,
    private readonly attempts: DeliveryAttempts,
    private readonly settlements: Settlements,
    private readonly sender: WebhookSender,
    private readonly clock: Clock,
    private readonly log: Log,
  ) {
    this.poller = new Poller(clock, log, {
      everyMs: POLL_MS,
      round: () => this.claim(),
      failure: 'Webhook deliveries that are due could not be looked up',
    });
  }

  start(): void {
    this.poller.start();
  }

  /** Looks for due deliveries now. */
  wake(): void {
    this.poller.wake();
  }

  /** Resolves when nothing is in flight any more; what could not end in time is tried again by the next process. */
  async stop(): Promise<void> {
    await this.poller.stop();
    const idle = Promise.all(this.running.values());
    await Promise.race([idle, this.clock.sleep(STOP_GRACE_MS)]);
    await this.sender.close();
    await idle;
  }

  private async claim(): Promise<void> {
    const free = MAX_LANES - this.running.size;
    if (free <= 0) return;
    const due = await this.lanes.claim({
      lanes: free,
      lanesPerWebhook: MAX_LANES_PER_WEBHOOK,
      lanesPerFailingWebhook: MAX_LANES_PER_FAILING_WEBHOOK,
      busy: Object.fromEntries(this.busy),
    });
    for (const delivery of due) this.begin(delivery);
  }

  private begin(delivery: DueDelivery): void {
    const key = laneKey(delivery);
    // Its claim ran out while it was being tried, and was just renewed.
    if (this.running.has(key)) return;
    this.busy.set(delivery.webhookId, (this.busy.get(delivery.webhookId) ?? 0) + 1);
    const run = this.run(delivery).finally(() => {
      this.running.delete(key);
      const left = (this.busy.get(delivery.webhookId) ?? 1) - 1;
      if (left > 0) this.busy.set(delivery.webhookId, left);
      else this.busy.delete(delivery.webhookId);
      this.wake();
    });
    this.running.set(key, run);
  }

  /** Never rejects. A lane whose outcome could not be stored is claimed anew when its claim runs out. */
  private async run(first: DueDelivery): Promise<void> {
    try {
      for (let delivery: DueDelivery | undefined = first; delivery;) {
        const outcome = this.poller.isStopped
          ? ({ kind: 'released' } as const)
          : await this.attempts.make(delivery);
        delivery = await this.settle({ delivery, outcome, goOn: !this.poller.isStopped });
      }
    } catch (err) {
      this.log.error('The outcome of a webhook delivery could not be stored', {
        webhookId: first.webhookId,
        err,
      });
    }
  }

  /**
   * A short outage must not hold up the lane until its claim runs out, nor deliver twice what was delivered: the outcome is
   * stored as soon as the database is back.
   */
  private async settle(settled: SettledDelivery): Promise<DueDelivery | undefined> {
    for (;;) {
      try {
        return await this.settlements.settle(settled);
      } catch (error) {
        if (!(error instanceof DatabaseUnavailable) || this.poller.isStopped) throw error;
        await this.clock.sleep(SETTLE_AGAIN_MS);
      }
    }
  }
}
