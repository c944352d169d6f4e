import { Injectable, type OnModuleInit } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { CallChanged, CallHungUp } from '../calls/events.js';
import { CALL_OUTCOMES } from '../calls/call-state.js';
import { EventBus } from '../common/events/event-bus.js';
import { Log } from '../common/logging/log.js';
import { Clock } from '../common/time/clock.js';
import { MetricsRegistry } from './metrics-registry.js';
import { StoredFigure } from './stored-figure.js';

const WAIT_BUCKETS_SECONDS = [0.1, 0.25, 0.5, 1, 2, 3, 5, 8, 12, 20, 30, 60];
/** A timer may fire within the millisecond before its time; what is later than a second was late because of an outage or a restart. */
const DRIFT_BUCKETS_SECONDS = [-1, -0.1, -0.01, 0, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10, 60];

/** The index `calls_alive` holds these rows only, so that calls that have ended are not read. */
const COUNT_LIVE = `SELECT count(*)::int AS live FROM calls WHERE state <> 'ended'`;

/** How many calls there are now, by the database, and how calls went since this process started. A call is measured once, at its end, so that none is missed in whatever order things happen. */
@Injectable()
export class CallMetrics implements OnModuleInit {
  private readonly live: StoredFigure<number | undefined>;

  constructor(
    private readonly metrics: MetricsRegistry,
    private readonly events: EventBus,
    dataSource: DataSource,
    clock: Clock,
    log: Log,
  ) {
    const ask = async () => (await dataSource.query<{ live: number }[]>(COUNT_LIVE))[0]?.live;
    this.live = new StoredFigure(ask, clock, log);
  }

  onModuleInit(): void {
    this.countLive();
    this.countEnds();
    this.measureDrift();
  }

  private countLive(): void {
    const live = this.metrics.gauge({
      name: 'ringdrop_calls_live',
      help: 'Calls that have not ended, of the whole installation; missing while the database is away',
      collect: async () => {
        const calls = await this.live.read();
        if (calls === undefined) live.remove();
        else live.set(calls);
      },
    });
  }

  private countEnds(): void {
    const ended = this.metrics.counter({
      name: 'ringdrop_calls_ended_total',
      help: 'Calls that ended, by outcome: what became of them',
      labelNames: ['outcome'],
    });
    for (const outcome of CALL_OUTCOMES) ended.inc({ outcome }, 0);
    const toAck = this.metrics.histogram({
      name: 'ringdrop_call_time_to_ack_seconds',
      help: 'From the request for a call until WhatsApp accepted it; observed when the call ends',
      buckets: WAIT_BUCKETS_SECONDS,
    });
    const toRinging = this.metrics.histogram({
      name: 'ringdrop_call_time_to_ringing_seconds',
      help: 'From the request for a call until a phone said that it rings; observed when the call ends',
      buckets: WAIT_BUCKETS_SECONDS,
    });
    this.events.on(CallChanged, ({ call: { outcome, requestedAt, acceptedAt, ringingAt } }) => {
      if (outcome === null) return;
      ended.inc({ outcome });
      if (acceptedAt) toAck.observe(secondsBetween(requestedAt, acceptedAt));
      if (ringingAt) toRinging.observe(secondsBetween(requestedAt, ringingAt));
    });
  }

  private measureDrift(): void {
    const drift = this.metrics.histogram({
      name: 'ringdrop_call_hang_up_drift_seconds',
      help: 'How late phones were told to stop ringing, against the plan; negative = early. Use the buckets, the sum may fall',
      buckets: DRIFT_BUCKETS_SECONDS,
    });
    this.events.on(CallHungUp, ({ plannedAt, at }) => drift.observe(secondsBetween(plannedAt, at)));
  }
}

function secondsBetween(from: Date, to: Date): number {
  return (to.getTime() - from.getTime()) / 1000;
}
