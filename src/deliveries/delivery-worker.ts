import { Injectable, type BeforeApplicationShutdown, type OnApplicationBootstrap } from '@nestjs/common';
import { Poller } from '../common/async/poller.js';
import { retried } from '../common/async/retried.js';
import { DatabaseUnavailable } from '../common/database/database-unavailable.js';
import { Log } from '../common/logging/log.js';
import { Clock } from '../common/time/clock.js';
import { DeliveryAttempts } from './delivery-attempts.js';
import { DeliveryPlaces } from './delivery-places.js';
import { EventBus } from '../common/events/event-bus.js';
import { EventStored, type Lane } from '../common/events/webhook-event.js';
import { laneKey, WebhookSwitchedOff, type DueDelivery, type SettledDelivery } from './due-delivery.js';
import { LanesRepository, type Settlement } from './lanes.repository.js';
import { Settlements, WebhookLocked } from './settlements.js';
import { WebhookSender } from '../webhooks/sending/webhook-sender.js';

/** How often due retries are looked for; new events wake the worker at once. */
const POLL_MS = 1000;
/** How long deliveries in flight may take when the process stops. */
const STOP_GRACE_MS = 1000;
/** Between two tries to store an outcome while the database is away, or the webhook is locked. */
const SETTLE_AGAIN_MS = 250;
/** Tries when the process stops, or after an unexpected error. */
const SETTLE_TRIES = 5;

/**
 * Delivers what is due: lanes side by side, the deliveries of a lane one after another. Accounts share the places of this process
 * fairly, a webhook has few, and one that fails has a single one, so that receivers that are slow or hang take the places of nobody else.
 */
@Injectable()
export class DeliveryWorker {
  private readonly running = new Map<string, Promise<void>>();
  /** Running lanes to which deliveries were added since their outcome was handed over: it may not have seen them. */
  private readonly addedTo = new Set<string>();
  private readonly places = new DeliveryPlaces();
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

  /** Deliveries were added to these lanes. Those that this process is at work in go on by themselves. */
  added(lanes: readonly Lane[]): void {
    const keys = lanes.map(laneKey);
    for (const key of keys) if (this.running.has(key)) this.addedTo.add(key);
    if (keys.some((key) => !this.running.has(key))) this.wake();
  }

  /** What waits for the webhook is due now, whatever its time was. */
  async hurry(webhookId: string): Promise<void> {
    await this.lanes.hurry(webhookId);
    this.wake();
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
    const limits = this.places.limits();
    if (!limits) return;
    const due = await this.lanes.claim(limits);
    for (const delivery of due) this.begin(delivery);
    // The rest of the places is shared in a further round.
    if (due.length >= limits.lanes) this.poller.wake();
  }

  private begin(delivery: DueDelivery): void {
    const key = laneKey(delivery);
    const earlier = this.running.get(key);
    if (earlier) {
      // Its claim ran out while it was being tried, or was given back a moment ago.
      void earlier.then(() => this.release(delivery));
      return;
    }
    this.places.take(delivery);
    const run = this.run(delivery).then((leavesWork) => {
      this.running.delete(key);
      const wasScarce = this.places.giveBack(delivery);
      const wasAdded = this.addedTo.delete(key);
      if (leavesWork || wasScarce || wasAdded) this.wake();
    });
    this.running.set(key, run);
  }

  /** Never rejects: the claim runs out. */
  private async release(lane: Lane): Promise<void> {
    try {
      await this.lanes.release(lane);
      this.wake();
    } catch (err) {
      this.log.warn('A lane of webhook deliveries could not be released', { webhookId: lane.webhookId, err });
    }
  }

  /**
   * Never rejects. A lane whose outcome could not be stored is claimed again when its claim expires. True: there may be work that this
   * lane, or the state of its webhook, has held back.
   */
  private async run(first: DueDelivery): Promise<boolean> {
    let leavesWork = first.isFailing;
    try {
      for (let delivery: DueDelivery | undefined = first; delivery;) {
        const outcome = this.poller.isStopped
          ? ({ kind: 'released' } as const)
          : await this.attempts.make(delivery);
        const goOn = !this.poller.isStopped && this.places.mayKeep(delivery);
        this.addedTo.delete(laneKey(delivery));
        const { next, fate }: Settlement = await this.settle({ delivery, outcome, goOn });
        leavesWork ||= outcome.kind !== 'delivered' || fate === 'returned';
        delivery = next;
      }
      return leavesWork;
    } catch (err) {
      this.log.error('The outcome of a webhook delivery could not be stored', {
        webhookId: first.webhookId,
        err,
      });
      return true;
    }
  }

  /**
   * A short outage must not hold up the lane until its claim runs out, nor deliver twice what was delivered: the outcome is
   * stored as soon as the database is back, or the lock of the webhook is gone.
   */
  private settle(settled: SettledDelivery): Promise<Settlement> {
    return retried(this.clock, () => this.settlements.settle(settled), {
      pauseMs: SETTLE_AGAIN_MS,
      goesOn: (error, tries) => {
        const isAway = error instanceof DatabaseUnavailable;
        if (this.poller.isStopped) return !isAway && tries < SETTLE_TRIES;
        return isAway || error instanceof WebhookLocked || tries < SETTLE_TRIES;
      },
    });
  }
}

/** Events are delivered while the process runs; what is left over waits in the database. */
@Injectable()
export class DeliveriesLifecycle implements OnApplicationBootstrap, BeforeApplicationShutdown {
  constructor(
    private readonly events: EventBus,
    private readonly worker: DeliveryWorker,
  ) {}

  onApplicationBootstrap(): void {
    this.events.on(EventStored, ({ lanes }) => this.worker.added(lanes));
    // What waits for it is given up now, not when its next try would have been.
    this.events.on(WebhookSwitchedOff, ({ webhook }) => this.worker.hurry(webhook.webhookId));
    this.worker.start();
  }

  beforeApplicationShutdown(): Promise<void> {
    return this.worker.stop();
  }
}
