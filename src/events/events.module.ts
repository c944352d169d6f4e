import { Module } from '@nestjs/common';
import { InstancesModule } from '../instances/instances.module.js';
import { DeliveriesController } from './deliveries.controller.js';
import { DeliveriesRepository } from './deliveries.repository.js';
import { DeliveriesService } from './deliveries.service.js';
import { DeliveryAttempts } from './delivery-attempts.js';
import { DeliveryLogListener } from './delivery-log.listener.js';
import { DeliveryRetention } from './delivery-retention.js';
import { DeliveryWorker } from './delivery-worker.js';
import { EventsLifecycle } from './events-lifecycle.js';
import { LanesRepository } from './lanes.repository.js';
import { Settlements } from './settlements.js';
import { WebhookSender } from './webhook-sender.js';
import { WebhookTests } from './webhook-tests.js';
import { WebhookUrlSealing } from './webhook-url-sealing.js';
import { WebhooksController } from './webhooks.controller.js';
import { WebhooksRepository } from './webhooks.repository.js';
import { WebhooksService } from './webhooks.service.js';
import { WebSocketModule } from './websocket/websocket.module.js';

/** Tells clients what happens: by webhook, surely; by WebSocket, at once. */
@Module({
  imports: [InstancesModule, WebSocketModule],
  controllers: [WebhooksController, DeliveriesController],
  providers: [
    { provide: WebhookSender, useFactory: () => new WebhookSender() },
    DeliveriesRepository,
    DeliveriesService,
    DeliveryAttempts,
    DeliveryLogListener,
    DeliveryRetention,
    DeliveryWorker,
    EventsLifecycle,
    LanesRepository,
    Settlements,
    WebhookTests,
    WebhookUrlSealing,
    WebhooksRepository,
    WebhooksService,
  ],
})
export class EventsModule {}
