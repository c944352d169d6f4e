import { Module } from '@nestjs/common';
import { InstancesModule } from '../instances/instances.module.js';
import { BaseAddress } from './base-address.js';
import { DeliveriesController } from './deliveries.controller.js';
import { DeliveriesRepository } from './deliveries.repository.js';
import { DeliveriesService } from './deliveries.service.js';
import { DeliveryAttempts } from './delivery-attempts.js';
import { DeliveryLogListener } from './delivery-log.listener.js';
import { DeliveryRetention } from './delivery-retention.js';
import { DeliveryWorker } from './delivery-worker.js';
import { EventsLifecycle } from './events-lifecycle.js';
import { LanesRepository } from './lanes.repository.js';
import { OutboxDispatcher } from './outbox-dispatcher.js';
import { OutboxRepository } from './outbox.repository.js';
import { SettlementsRepository } from './settlements.repository.js';
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
    BaseAddress,
    DeliveriesRepository,
    DeliveriesService,
    DeliveryAttempts,
    DeliveryLogListener,
    DeliveryRetention,
    DeliveryWorker,
    EventsLifecycle,
    LanesRepository,
    OutboxDispatcher,
    OutboxRepository,
    Settlements,
    SettlementsRepository,
    WebhookTests,
    WebhookUrlSealing,
    WebhooksRepository,
    WebhooksService,
  ],
})
export class EventsModule {}
