import { Module } from '@nestjs/common';
import { WebhookSender } from '../webhooks/sending/webhook-sender.js';
import { WebhooksRepository } from '../webhooks/store/webhooks.repository.js';
import { DeliveriesRepository } from './deliveries.repository.js';
import { DeliveryAttempts } from './delivery-attempts.js';
import { DeliveryLogListener } from './delivery-log.listener.js';
import { DeliveryRetention } from './delivery-retention.js';
import { DeliveriesLifecycle, DeliveryWorker } from './delivery-worker.js';
import { LanesRepository } from './lanes.repository.js';
import { Settlements } from './settlements.js';

/** Brings stored events to webhooks, surely and in order. */
@Module({
  providers: [
    { provide: WebhookSender, useFactory: () => new WebhookSender() },
    DeliveriesLifecycle,
    DeliveriesRepository,
    DeliveryAttempts,
    DeliveryLogListener,
    DeliveryRetention,
    DeliveryWorker,
    LanesRepository,
    Settlements,
    WebhooksRepository,
  ],
  exports: [DeliveriesRepository, DeliveryAttempts, DeliveryWorker, WebhooksRepository],
})
export class DeliveriesModule {}
