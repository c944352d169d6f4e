import { Injectable, type OnModuleInit } from '@nestjs/common';
import { Gauge } from 'prom-client';
import { DataSource } from 'typeorm';
import { Log } from '../common/logging/log.js';
import { InstanceEntity } from '../instances/instance.entity.js';
import { INSTANCE_STATUSES } from '../instances/instance-state.js';
import { MetricsRegistry } from './metrics-registry.js';

/** How many sessions are in which state, read from the database whenever somebody looks. */
@Injectable()
export class SessionMetrics implements OnModuleInit {
  constructor(
    private readonly metrics: MetricsRegistry,
    private readonly dataSource: DataSource,
    private readonly log: Log,
  ) {}

  onModuleInit(): void {
    const sessions: Gauge<'state'> = new Gauge({
      name: 'ringdrop_sessions',
      help: 'Instances, by the state of their session',
      labelNames: ['state'],
      registers: [this.metrics.registry],
      collect: () => this.refresh(sessions),
    });
  }

  /** A database that is away must not take the other metrics with it. */
  private async refresh(sessions: Gauge<'state'>): Promise<void> {
    try {
      const counts = await this.dataSource
        .createQueryBuilder(InstanceEntity, 'instance')
        .select('instance.status', 'status')
        .addSelect('count(*)::int', 'count')
        .groupBy('instance.status')
        .getRawMany<{ status: string; count: number }>();
      const byStatus = new Map(counts.map(({ status, count }) => [status, count]));
      for (const state of INSTANCE_STATUSES) sessions.set({ state }, byStatus.get(state) ?? 0);
    } catch (err) {
      this.log.warn('Sessions could not be counted for the metrics', { err });
      sessions.reset();
    }
  }
}
