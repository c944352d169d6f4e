import { Injectable, type OnModuleInit } from '@nestjs/common';
import { Counter } from 'prom-client';
import { CallChanged } from '../calls/call-changed.event.js';
import { EventBus } from '../common/events/event-bus.js';
import { MetricsRegistry } from './metrics-registry.js';

/** How calls end, since this process started. */
@Injectable()
export class CallMetrics implements OnModuleInit {
  constructor(
    private readonly metrics: MetricsRegistry,
    private readonly events: EventBus,
  ) {}

  onModuleInit(): void {
    const ended = new Counter({
      name: 'ringdrop_calls_ended_total',
      help: 'Calls that ended, by outcome',
      labelNames: ['outcome'],
      registers: [this.metrics.registry],
    });
    this.events.on(CallChanged, ({ call }) => {
      if (call.outcome !== null) ended.inc({ outcome: call.outcome });
    });
  }
}
