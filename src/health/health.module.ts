import { Module } from '@nestjs/common';
import { DatabaseProbe } from './database-probe.js';
import { HealthController } from './health.controller.js';
import { HealthService } from './health.service.js';
import { WhatsAppModule } from '../whatsapp/whatsapp.module.js';
import { NatsProbe } from './nats-probe.js';

@Module({
  imports: [WhatsAppModule],
  controllers: [HealthController],
  providers: [HealthService, DatabaseProbe, NatsProbe],
})
export class HealthModule {}
