import type { Page } from '../../common/http/page-query.js';
import type { Delivery } from '../../deliveries/delivery-values.js';
import type {
  DeliveriesFound,
  DeliveryQueued,
  DeliveryView,
  WebhookConfigured,
  WebhookRetrieved,
  WebhookView,
  WebhooksRetrieved,
} from './answers.js';
import type { WebhookTested } from './webhook-test.dto.js';
import { VALUE_MASK } from '../store/webhook-headers.js';
import type { ChangedWebhook, Webhook, WebhookTest } from '../store/webhook-values.js';

/** The secret is told to the one who had it made, and to nobody after. */
export function toWebhookConfigured({ webhook, madeSecret }: ChangedWebhook): WebhookConfigured {
  return {
    success: true,
    message: 'Webhook configured successfully',
    webhook: { ...toWebhookView(webhook), ...(madeSecret !== null && { secret: madeSecret }) },
  };
}

export function toWebhookRetrieved(webhook: Webhook): WebhookRetrieved {
  return { success: true, message: 'Webhook retrieved successfully', webhook: toWebhookView(webhook) };
}

export function toWebhooksRetrieved({ rows, nextCursor }: Page<Webhook>): WebhooksRetrieved {
  return {
    success: true,
    message: 'Webhooks retrieved successfully',
    webhooks: rows.map(toWebhookView),
    meta: { nextCursor },
  };
}

export function toWebhookTested({
  eventId,
  label,
  status,
  durationMs,
  answer,
  error,
}: WebhookTest): WebhookTested {
  return {
    success: true,
    message: error === null ? 'Webhook test delivered' : `Webhook test failed: ${error}`,
    test: {
      eventId,
      label,
      delivered: error === null,
      responseStatus: status,
      durationMs,
      response: answer,
      error,
    },
  };
}

export function toDeliveriesFound(deliveries: readonly Delivery[]): DeliveriesFound {
  return {
    success: true,
    message: `${deliveries.length} Deliveries found`,
    deliveries: deliveries.map(toDeliveryView),
  };
}

export function toDeliveryQueued(delivery: Delivery): DeliveryQueued {
  return { success: true, message: 'Delivery queued', delivery: toDeliveryView(delivery) };
}

function toWebhookView(webhook: Webhook): WebhookView {
  const { counters } = webhook;
  return {
    label: webhook.label,
    enabled: webhook.enabled,
    url: webhook.url,
    hasAuthorization: webhook.hasAuthorization,
    headers: Object.fromEntries(webhook.headerNames.map((name) => [name, VALUE_MASK])),
    byEvents: webhook.byEvents,
    events: [...webhook.events],
    hasSecret: webhook.hasSecret,
    disabledReason: webhook.disabledReason,
    disabledAt: textOf(webhook.disabledAt),
    counters: {
      delivered: counters.delivered,
      dead: counters.dead,
      failedAttempts: counters.failedAttempts,
      lastSuccessAt: textOf(counters.lastSuccessAt),
      lastFailureAt: textOf(counters.lastFailureAt),
    },
    createdAt: webhook.createdAt.toISOString(),
    updatedAt: webhook.updatedAt.toISOString(),
  };
}

function toDeliveryView(delivery: Delivery): DeliveryView {
  return {
    id: delivery.id,
    eventId: delivery.eventId,
    event: delivery.event,
    callId: delivery.callId,
    state: delivery.state,
    label: delivery.label,
    status: delivery.status,
    attempts: delivery.attempts,
    responseStatus: delivery.responseStatus,
    error: delivery.error,
    nextAttemptAt: textOf(delivery.nextAttemptAt),
    createdAt: delivery.createdAt.toISOString(),
    deliveredAt: textOf(delivery.deliveredAt),
  };
}

function textOf(time: Date | null): string | null {
  return time?.toISOString() ?? null;
}
