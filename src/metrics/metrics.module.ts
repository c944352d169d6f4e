import { Module } from '@nestjs/common';
import { LiveModule } from '../live/live.module.js';
import { WhatsAppModule } from '../whatsapp/whatsapp.module.js';
import { CallMetrics } from './call-metrics.js';
import { ClientVersionMetrics } from './client-version-metrics.js';
import { DatabaseMetrics } from './database-metrics.js';
import { EventLoopMetrics } from './event-loop-metrics.js';
import { HttpMetrics } from './http-metrics.js';
import { MetricsController } from './metrics.controller.js';
import { MetricsRegistry } from './metrics-registry.js';
import { SessionMetrics } from './session-metrics.js';
import { WebhookMetrics } from './webhook-metrics.js';
import { WebSocketMetrics } from './websocket-metrics.js';

@Module({
  imports: [LiveModule, WhatsAppModule],
  controllers: [MetricsController],
  providers: [
    MetricsRegistry,
    CallMetrics,
    SessionMetrics,
    ClientVersionMetrics,
    WebhookMetrics,
    WebSocketMetrics,
    HttpMetrics,
    DatabaseMetrics,
    EventLoopMetrics,
  ],
})
export class MetricsModule {}
