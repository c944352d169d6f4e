import { DataSource } from 'typeorm';
import { DatabaseStatus } from '../../../../src/common/database/database-status.js';
import { EventBus } from '../../../../src/common/events/event-bus.js';
import { parseAppConfig } from '../../../../src/config/app-config.js';
import { EventSockets } from '../../../../src/live/event-sockets.js';
import { CallMetrics } from '../../../../src/metrics/call-metrics.js';
import { ClientVersionMetrics } from '../../../../src/metrics/client-version-metrics.js';
import { DatabaseMetrics } from '../../../../src/metrics/database-metrics.js';
import { EventLoopMetrics } from '../../../../src/metrics/event-loop-metrics.js';
import { HttpMetrics } from '../../../../src/metrics/http-metrics.js';
import { MetricsRegistry } from '../../../../src/metrics/metrics-registry.js';
import { SessionMetrics } from '../../../../src/metrics/session-metrics.js';
import { WebhookMetrics } from '../../../../src/metrics/webhook-metrics.js';
import { WebSocketMetrics } from '../../../../src/metrics/websocket-metrics.js';
import type { ClientVersion } from '../../../../src/whatsapp/client-version/client-version.js';
import { ManualClock } from '../../../support/manual-clock.js';
import { SilentLog } from '../../../support/silent-log.js';

class HealthyDatabase extends DatabaseStatus {
  readonly isUp = true;
  readonly pool = { inUse: 1, idle: 3, waiting: 0 };
}

/** Everything that the product measures, on a database that is not there. */
export class AllMetrics {
  readonly log = new SilentLog();
  readonly clock = new ManualClock();
  readonly events = new EventBus(this.log);
  readonly metrics = new MetricsRegistry();
  readonly versions: { current: ClientVersion } = {
    current: { revision: 1043857760, source: 'built-in', currentAt: this.clock.now() },
  };
  private readonly eventLoop = new EventLoopMetrics(this.metrics);

  constructor() {
    const { metrics, events, clock, log } = this;
    const dataSource = new DataSource({ type: 'postgres' });
    const groups = [
      metrics,
      new CallMetrics(metrics, events, dataSource, clock, log),
      new SessionMetrics(metrics, events, dataSource, clock, log),
      new ClientVersionMetrics(metrics, events, this.versions, clock),
      new WebhookMetrics(metrics, events, dataSource, clock, log),
      new WebSocketMetrics(metrics, events, new EventSockets(events, parseAppConfig({}))),
      new HttpMetrics(metrics, events),
      new DatabaseMetrics(metrics, new HealthyDatabase()),
      this.eventLoop,
    ];
    for (const group of groups) group.onModuleInit();
  }

  /** Names as they are declared, without the suffixes of histograms. */
  names(): string[] {
    return this.metrics.registry.getMetricsAsArray().map(({ name }) => name);
  }

  close(): void {
    this.eventLoop.onModuleDestroy();
  }
}
