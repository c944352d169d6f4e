import { Injectable, type OnModuleInit } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { EventBus } from '../common/events/event-bus.js';
import { Log } from '../common/logging/log.js';
import { Clock } from '../common/time/clock.js';
import { InstanceEntity } from '../instances/instance.entity.js';
import { InstanceStateChanged } from '../instances/instance-state-changed.event.js';
import { INSTANCE_STATUSES } from '../instances/instance-state.js';
import { MetricsRegistry } from './metrics-registry.js';
import { RECONNECT_REASONS, reconnectReasonOf } from './reconnect-reason.js';
import { StoredFigure } from './stored-figure.js';

/** How many sessions are in which state, by the database, and how often they had to connect again. */
@Injectable()
export class SessionMetrics implements OnModuleInit {
  private readonly counts: StoredFigure<ReadonlyMap<string, number>>;

  constructor(
    private readonly metrics: MetricsRegistry,
    private readonly events: EventBus,
    private readonly dataSource: DataSource,
    clock: Clock,
    log: Log,
  ) {
    this.counts = new StoredFigure(() => this.countByStatus(), clock, log);
  }

  onModuleInit(): void {
    this.countReconnects();
    const sessions = this.metrics.gauge({
      name: 'ringdrop_sessions',
      help: 'Instances by the state of their session, of the whole installation; missing while the database is away',
      labelNames: ['state'],
      collect: async () => {
        const counts = await this.counts.read();
        if (!counts) sessions.reset();
        else for (const state of INSTANCE_STATUSES) sessions.set({ state }, counts.get(state) ?? 0);
      },
    });
  }

  private countReconnects(): void {
    const reconnects = this.metrics.counter({
      name: 'ringdrop_session_reconnects_total',
      help: 'Connections to WhatsApp that were lost and are opened again by themselves, by the reason of the loss',
      labelNames: ['reason'],
    });
    for (const reason of RECONNECT_REASONS) reconnects.inc({ reason }, 0);
    this.events.on(InstanceStateChanged, ({ signal }) => {
      if (signal.type !== 'disconnected' || signal.retryAt === null) return;
      reconnects.inc({ reason: reconnectReasonOf(signal.code) });
    });
  }

  private async countByStatus(): Promise<ReadonlyMap<string, number>> {
    const counts = await this.dataSource
      .createQueryBuilder(InstanceEntity, 'instance')
      .select('instance.status', 'status')
      .addSelect('count(*)::int', 'count')
      .groupBy('instance.status')
      .getRawMany<{ status: string; count: number }>();
    return new Map(counts.map(({ status, count }) => [status, count]));
  }
}
