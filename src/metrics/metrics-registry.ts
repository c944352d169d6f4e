import { Injectable, type OnModuleInit } from '@nestjs/common';
import {
  collectDefaultMetrics,
  Counter,
  Gauge,
  Histogram,
  Registry,
  type CounterConfiguration,
  type GaugeConfiguration,
  type HistogramConfiguration,
} from 'prom-client';
import { PRODUCT_VERSION } from '../common/product.js';

/** All that is measured. A registry of its own, so that two applications in one process do not mix. */
@Injectable()
export class MetricsRegistry implements OnModuleInit {
  readonly registry = new Registry();

  onModuleInit(): void {
    collectDefaultMetrics({ register: this.registry });
    this.gauge({
      name: 'ringdrop_build_info',
      help: 'Always 1; the label tells which version of Ringdrop runs',
      labelNames: ['version'],
    }).set({ version: PRODUCT_VERSION }, 1);
  }

  get contentType(): string {
    return this.registry.contentType;
  }

  counter<T extends string>(configuration: CounterConfiguration<T>): Counter<T> {
    return new Counter({ ...configuration, registers: [this.registry] });
  }

  gauge<T extends string>(configuration: GaugeConfiguration<T>): Gauge<T> {
    return new Gauge({ ...configuration, registers: [this.registry] });
  }

  histogram<T extends string>(configuration: HistogramConfiguration<T>): Histogram<T> {
    return new Histogram({ ...configuration, registers: [this.registry] });
  }

  /** Prometheus' text format. */
  text(): Promise<string> {
    return this.registry.metrics();
  }
}
