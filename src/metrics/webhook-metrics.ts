import { Injectable, type OnModuleInit } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { EventBus } from '../common/events/event-bus.js';
import { Log } from '../common/logging/log.js';
import { Clock } from '../common/time/clock.js';
import { DeliverySettled, WebhookSwitchedOff } from '../deliveries/due-delivery.js';
import { MetricsRegistry } from './metrics-registry.js';
import { StoredFigure } from './stored-figure.js';

const DELAY_BUCKETS_SECONDS = [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 15, 60, 300, 1800, 7200];
const ATTEMPT_RESULTS = ['delivered', 'retry', 'dead'] as const;

interface QueueLengths {
  readonly pending: number;
  readonly dead: number;
}

/** Both have an index that holds nothing else, so that the delivered ones are not read. */
const QUEUE_LENGTHS = `
  SELECT (SELECT count(*)::int FROM webhook_deliveries WHERE status = 'pending') AS pending,
    (SELECT count(*)::int FROM webhook_deliveries WHERE status = 'dead') AS dead`;

/** How much waits to be sent to webhooks, and how sending goes. */
@Injectable()
export class WebhookMetrics implements OnModuleInit {
  private readonly lengths: StoredFigure<QueueLengths | undefined>;

  constructor(
    private readonly metrics: MetricsRegistry,
    private readonly events: EventBus,
    dataSource: DataSource,
    clock: Clock,
    log: Log,
  ) {
    const ask = async (): Promise<QueueLengths | undefined> =>
      (await dataSource.query<QueueLengths[]>(QUEUE_LENGTHS))[0];
    this.lengths = new StoredFigure(ask, clock, log);
  }

  onModuleInit(): void {
    this.measureQueue();
    this.measureAttempts();
  }

  private measureQueue(): void {
    const deliveries = this.metrics.gauge({
      name: 'ringdrop_webhook_deliveries',
      help: 'Webhook deliveries of the whole installation: pending = waiting for their first or next try, dead = given up and kept for replay',
      labelNames: ['state'],
      collect: async () => {
        const lengths = await this.lengths.read();
        deliveries.reset();
        if (!lengths) return;
        deliveries.set({ state: 'pending' }, lengths.pending);
        deliveries.set({ state: 'dead' }, lengths.dead);
      },
    });
  }

  private measureAttempts(): void {
    const attempts = this.metrics.counter({
      name: 'ringdrop_webhook_attempts_total',
      help: 'Tries to send a webhook by result: delivered = answered 2xx, retry = failed and tried again later, dead = failed for the last time',
      labelNames: ['result'],
    });
    for (const result of ATTEMPT_RESULTS) attempts.inc({ result }, 0);
    const delay = this.metrics.histogram({
      name: 'ringdrop_webhook_first_attempt_delay_seconds',
      help: 'From the queueing of an event for a webhook to its first try; a replayed one counts from when it was first queued',
      buckets: DELAY_BUCKETS_SECONDS,
    });
    const switchedOff = this.metrics.counter({
      name: 'ringdrop_webhooks_disabled_total',
      help: 'Webhooks that were switched off because their receiver is gone or did nothing but fail for days',
    });
    this.events.on(WebhookSwitchedOff, () => switchedOff.inc());
    this.events.on(DeliverySettled, ({ delivery, outcome }) => {
      // What a disabled webhook left behind was not tried.
      if (outcome.kind === 'released' || !delivery.enabled) return;
      attempts.inc({ result: outcome.kind });
      if (delivery.attempts === 0) delay.observe(delivery.queuedSeconds);
    });
  }
}
