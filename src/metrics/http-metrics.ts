import { Injectable, type OnModuleInit } from '@nestjs/common';
import { EventBus } from '../common/events/event-bus.js';
import { RequestAnswered } from '../common/http/request-answered.event.js';
import { MetricsRegistry } from './metrics-registry.js';

/** Placing a call takes seconds. */
const BUCKETS_SECONDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20, 60];

/** How requests are answered. */
@Injectable()
export class HttpMetrics implements OnModuleInit {
  constructor(
    private readonly metrics: MetricsRegistry,
    private readonly events: EventBus,
  ) {}

  onModuleInit(): void {
    const durations = this.metrics.histogram({
      name: 'ringdrop_http_request_duration_seconds',
      help: 'HTTP requests and how long they took, by template of the route; status 499 = the client left before the answer',
      labelNames: ['method', 'route', 'status'],
      buckets: BUCKETS_SECONDS,
    });
    this.events.on(RequestAnswered, ({ method, route, status, durationMs }) =>
      durations.observe({ method, route, status }, durationMs / 1000),
    );
  }
}
