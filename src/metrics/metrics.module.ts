import { Module } from '@nestjs/common';
import { CallMetrics } from './call-metrics.js';
import { MetricsRegistry } from './metrics-registry.js';
import { MetricsController } from './metrics.controller.js';
import { SessionMetrics } from './session-metrics.js';

@Module({
  controllers: [MetricsController],
  providers: [MetricsRegistry, CallMetrics, SessionMetrics],
})
export class MetricsModule {}
