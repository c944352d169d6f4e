import type { Delivery } from '../../../src/deliveries/delivery-values.js';
import {
  toDeliveriesFound,
  toDeliveryQueued,
  toWebhookConfigured,
  toWebhookRetrieved,
  toWebhooksRetrieved,
} from '../../../src/webhooks/api/views.js';
import type { Webhook } from '../../../src/webhooks/store/webhook-values.js';

const AT = new Date('2026-01-31T12:00:00.000Z');
const WEBHOOK: Webhook = {
  id: 'w1',
  label: 'default',
  enabled: true,
  url: 'https://example.com/hooks',
  hasAuthorization: true,
  headerNames: ['X-Api-Key'],
  byEvents: false,
  events: ['call.update'],
  hasSecret: true,
  disabledReason: 'The receiver answered 410 Gone',
  disabledAt: AT,
  counters: { delivered: 3, dead: 1, failedAttempts: 12, lastSuccessAt: AT, lastFailureAt: null },
  createdAt: AT,
  updatedAt: AT,
};
const WEBHOOK_VIEW = {
  label: 'default',
  enabled: true,
  url: 'https://example.com/hooks',
  hasAuthorization: true,
  headers: { 'X-Api-Key': '***' },
  byEvents: false,
  events: ['call.update'],
  hasSecret: true,
  disabledReason: 'The receiver answered 410 Gone',
  disabledAt: AT.toISOString(),
  counters: {
    delivered: 3,
    dead: 1,
    failedAttempts: 12,
    lastSuccessAt: AT.toISOString(),
    lastFailureAt: null,
  },
  createdAt: AT.toISOString(),
  updatedAt: AT.toISOString(),
};
const DELIVERY: Delivery = {
  id: 'd1',
  eventId: 'e1',
  event: 'call.update',
  callId: 'c1',
  state: 'ringing',
  label: 'default',
  status: 'pending',
  attempts: 2,
  responseStatus: 500,
  error: 'HTTP 500',
  nextAttemptAt: AT,
  createdAt: AT,
  deliveredAt: null,
};
const DELIVERY_VIEW = {
  ...DELIVERY,
  nextAttemptAt: AT.toISOString(),
  createdAt: AT.toISOString(),
};

describe('the answers about webhooks', () => {
  it('show the secret to the one who had it made, and then never again', () => {
    expect(toWebhookConfigured({ webhook: WEBHOOK, madeSecret: 'whsec_new' })).toEqual({
      success: true,
      message: 'Webhook configured successfully',
      webhook: { ...WEBHOOK_VIEW, secret: 'whsec_new' },
    });
    expect(toWebhookConfigured({ webhook: WEBHOOK, madeSecret: null }).webhook).toEqual(WEBHOOK_VIEW);
  });

  it('are a list, or the one with the label', () => {
    expect(toWebhooksRetrieved({ rows: [WEBHOOK], nextCursor: 'YQ' })).toEqual({
      success: true,
      message: 'Webhooks retrieved successfully',
      webhooks: [WEBHOOK_VIEW],
      meta: { nextCursor: 'YQ' },
    });
    expect(toWebhookRetrieved(WEBHOOK)).toEqual({
      success: true,
      message: 'Webhook retrieved successfully',
      webhook: WEBHOOK_VIEW,
    });
  });
});

describe('the answers about deliveries', () => {
  it('count what was found', () => {
    expect(toDeliveriesFound([])).toEqual({ success: true, message: '0 Deliveries found', deliveries: [] });
    expect(toDeliveriesFound([DELIVERY, DELIVERY])).toEqual({
      success: true,
      message: '2 Deliveries found',
      deliveries: [DELIVERY_VIEW, DELIVERY_VIEW],
    });
  });

  it('show the delivery that was queued again', () => {
    expect(toDeliveryQueued(DELIVERY)).toEqual({
      success: true,
      message: 'Delivery queued',
      delivery: DELIVERY_VIEW,
    });
  });
});
