import { Injectable, type OnModuleInit } from '@nestjs/common';
import { DatabaseStatus } from '../common/database/database-status.js';
import { MetricsRegistry } from './metrics-registry.js';

/** How the database is doing, as far as this process knows without asking it. */
@Injectable()
export class DatabaseMetrics implements OnModuleInit {
  constructor(
    private readonly metrics: MetricsRegistry,
    private readonly database: DatabaseStatus,
  ) {}

  onModuleInit(): void {
    const up = this.metrics.gauge({
      name: 'ringdrop_database_up',
      help: '1 while the database answers this process, else 0',
      collect: () => {
        up.set(this.database.isUp ? 1 : 0);
      },
    });
    const connections = this.metrics.gauge({
      name: 'ringdrop_database_pool_connections',
      help: 'Connections of this process to the database, by what they do',
      labelNames: ['state'],
      collect: () => {
        const { inUse, idle } = this.database.pool;
        connections.set({ state: 'in_use' }, inUse);
        connections.set({ state: 'idle' }, idle);
      },
    });
    const waiting = this.metrics.gauge({
      name: 'ringdrop_database_pool_waiting',
      help: 'Queries of this process that wait for a free connection; more than 0 for long: raise DATABASE_POOL_SIZE',
      collect: () => {
        waiting.set(this.database.pool.waiting);
      },
    });
  }
}
