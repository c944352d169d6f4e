import { Inject, Injectable } from '@nestjs/common';
import { Poller } from '../common/async/poller.js';
import { EventBus } from '../common/events/event-bus.js';
import { Log } from '../common/logging/log.js';
import { Clock } from '../common/time/clock.js';
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
  private readonly poller: Poller;

  constructor(
    private readonly outbox: OutboxRepository,
    private readonly worker: DeliveryWorker,
    @Inject(BaseAddress) private readonly address: Pick<BaseAddress, 'current'>,
    private readonly events: EventBus,
    clock: Clock,
    log: Log,
  ) {
    this.poller = new Poller(clock, log, {
      everyMs: POLL_MS,
      round: () => this.handOut(),
      failure: 'Events could not be handed out',
    });
  }

  start(): void {
    this.poller.start();
  }

  /** Something was stored; returns before it is handed out. */
  wake(): void {
    this.poller.wake();
  }

  /** Resolves when what is under way has been handed out. */
  stop(): Promise<void> {
    return this.poller.stop();
  }

  private async handOut(): Promise<void> {
    const baseUrl = this.address.current();
    // Events tell where the product is reached, so they wait until that is known.
    if (baseUrl === undefined) return;
    const envelopes = new Map<string, EventEnvelope>();
    const { entries, isMore } = await this.outbox.handOut(BATCH, (entry) => {
      const envelope = toEnvelope(entry, baseUrl);
      envelopes.set(entry.eventId, envelope);
      return JSON.stringify(envelope);
    });
    if (entries.length === 0) return;
    if (isMore) this.poller.wake();
    this.worker.wake();
    for (const { eventId, instanceId } of entries) {
      const envelope = envelopes.get(eventId);
      if (envelope)
        await this.events.publish(new EventEmitted(instanceId, envelope, JSON.stringify(envelope)));
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
