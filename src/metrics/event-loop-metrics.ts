import { monitorEventLoopDelay, type IntervalHistogram } from 'node:perf_hooks';
import { Injectable, type OnModuleDestroy, type OnModuleInit } from '@nestjs/common';
import { MetricsRegistry } from './metrics-registry.js';

const RESOLUTION_MS = 10;
const NANOSECONDS = 1e9;

/**
 * How long work had to wait because the process was busy. Node's monitor measures the time between two ticks of a timer, so
 * that its resolution has to be taken off; the library's own `nodejs_eventloop_lag_*` leave it in and never fall below it.
 */
@Injectable()
export class EventLoopMetrics implements OnModuleInit, OnModuleDestroy {
  private readonly delay: IntervalHistogram = monitorEventLoopDelay({ resolution: RESOLUTION_MS });

  constructor(private readonly metrics: MetricsRegistry) {}

  onModuleInit(): void {
    this.delay.enable();
    const gauge = this.metrics.gauge({
      name: 'ringdrop_event_loop_delay_seconds',
      help: 'How long the process kept its work waiting since the scrape before; calls hang up as late as this',
      labelNames: ['stat'],
      collect: () => {
        gauge.set({ stat: 'p50' }, toSeconds(this.delay.percentile(50)));
        gauge.set({ stat: 'p99' }, toSeconds(this.delay.percentile(99)));
        gauge.set({ stat: 'max' }, toSeconds(this.delay.max));
        this.delay.reset();
      },
    });
  }

  onModuleDestroy(): void {
    this.delay.disable();
  }
}

function toSeconds(nanoseconds: number): number {
  return Math.max(0, nanoseconds / NANOSECONDS - RESOLUTION_MS / 1000);
}
