import { Inject, Injectable } from '@nestjs/common';
import { EventBus } from '../common/events/event-bus.js';
import { Log } from '../common/logging/log.js';
import { Clock, type Timer } from '../common/time/clock.js';
import { BaseAddress } from './base-address.js';
import { DeliveryWorker } from './delivery-worker.js';
import type { EventEnvelope } from './event-envelope.js';
import { EventEmitted } from './event-emitted.event.js';
import { OutboxRepository, type OutboxEntry } from './outbox.repository.js';

/** How often events are looked for that another process left behind; this one's own wake it at once. */
const POLL_MS = 1000;
const BATCH = 200;

/** Hands stored events out: to the webhooks' deliveries in the database, then to whoever listens in this process. */
@Injectable()
export class OutboxDispatcher {
  private dispatching: Promise<void> | undefined;
  private wanted = false;
  private failing = false;
  private stopped = true;
  private timer: Timer | undefined;

  constructor(
    private readonly outbox: OutboxRepository,
    private readonly worker: DeliveryWorker,
    @Inject(BaseAddress) private readonly address: Pick<BaseAddress, 'current'>,
    private readonly events: EventBus,
    private readonly clock: Clock,
    private readonly log: Log,
  ) {}

  start(): void {
    this.stopped = false;
    this.wake();
  }

  /** Something was stored; returns before it is handed out. */
  wake(): void {
    if (this.stopped) return;
    this.wanted = true;
    this.dispatching ??= this.dispatch().finally(() => (this.dispatching = undefined));
  }

  /** Resolves when what is under way has been handed out. */
  async stop(): Promise<void> {
    this.stopped = true;
    this.timer?.cancel();
    await this.dispatching;
  }

  private async dispatch(): Promise<void> {
    this.timer?.cancel();
    while (this.wanted && !this.stopped) {
      this.wanted = false;
      await this.handOut();
    }
    if (!this.stopped) this.timer = this.clock.schedule(POLL_MS, () => this.wake());
  }

  private async handOut(): Promise<void> {
    const baseUrl = this.address.current();
    // Events tell where the product is reached, so they wait until that is known.
    if (baseUrl === undefined) return;
    try {
      const envelopes = new Map<string, EventEnvelope>();
      const entries = await this.outbox.handOut(BATCH, (entry) => {
        const envelope = toEnvelope(entry, baseUrl);
        envelopes.set(entry.eventId, envelope);
        return JSON.stringify(envelope);
      });
      this.failing = false;
      if (entries.length === 0) return;
      this.wanted ||= entries.length === BATCH;
      this.worker.wake();
      for (const { eventId, instanceId } of entries) {
        const envelope = envelopes.get(eventId);
        if (envelope)
          await this.events.publish(new EventEmitted(instanceId, envelope, JSON.stringify(envelope)));
      }
    } catch (err) {
      if (!this.failing) this.log.error('Events could not be handed out', { err });
      this.failing = true;
    }
  }
}

function toEnvelope(entry: OutboxEntry, baseUrl: string): EventEnvelope {
  return {
    id: entry.eventId,
    event: entry.type,
    timestamp: entry.happenedAt.toISOString(),
    data: entry.data,
    instanceData: { baseUrl, instance: entry.instanceName },
  };
}
