import { Module } from '@nestjs/common';
import { DeliveriesModule } from '../deliveries/deliveries.module.js';
import { InstancesModule } from '../instances/instances.module.js';
import { DeliveriesController } from './api/deliveries.controller.js';
import { DeliveriesService } from './api/deliveries.service.js';
import { WebhookTests } from './api/webhook-tests.js';
import { WebhooksController } from './api/webhooks.controller.js';
import { WebhooksService } from './api/webhooks.service.js';
import { WebhookUrlSealing } from './store/webhook-url-sealing.js';

/** Webhooks as their owners configure them, try them, and look after their deliveries. */
@Module({
  imports: [DeliveriesModule, InstancesModule],
  controllers: [WebhooksController, DeliveriesController],
  providers: [DeliveriesService, WebhookTests, WebhookUrlSealing, WebhooksService],
})
export class WebhooksModule {}
