import { Injectable, type OnModuleInit } from '@nestjs/common';
import { collectDefaultMetrics, Registry } from 'prom-client';

/** All that is measured. A registry of its own, so that two applications in one process do not mix. */
@Injectable()
export class MetricsRegistry implements OnModuleInit {
  readonly registry = new Registry();

  onModuleInit(): void {
    collectDefaultMetrics({ register: this.registry });
  }

  get contentType(): string {
    return this.registry.contentType;
  }

  /** Prometheus' text format. */
  text(): Promise<string> {
    return this.registry.metrics();
  }
}
