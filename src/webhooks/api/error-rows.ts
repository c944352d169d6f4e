import type { DocumentedError } from '../../common/http/api-errors.js';

/** Error rows of the routes on webhooks and their deliveries, as the documentation shows them. */
export const WEBHOOK_ERRORS = {
  invalidBody: {
    status: 400,
    code: 'invalid_body',
    message: 'Invalid request body: enabled is required',
    when: 'not JSON, not an object, or a field that cannot be used; the message names the field',
  },
  invalidQuery: {
    status: 400,
    code: 'invalid_query',
    message: 'Invalid query: limit must be a whole number from 1 to 200',
    when: 'a parameter cannot be used; the message names it',
  },
  notFound: { status: 404, code: 'instance_not_found', message: 'Instance not found' },
  webhookNotFound: {
    status: 404,
    code: 'webhook_not_found',
    message: 'Webhook not found',
    when: 'the instance has no webhook with this label',
  },
  deliveryNotFound: {
    status: 404,
    code: 'delivery_not_found',
    message: 'delivery not found',
    when: 'unknown, or so old that it is no longer kept',
  },
  tooManyWebhooks: {
    status: 409,
    code: 'too_many_webhooks',
    message: 'At most 3 webhooks can be enabled',
  },
  tooManyLabels: {
    status: 409,
    code: 'too_many_labels',
    message: 'An instance can have at most 20 webhooks: use the label of one that exists',
  },
  webhookDisabled: { status: 409, code: 'webhook_disabled', message: 'Webhook is not enabled' },
  tooManyWebhookTests: {
    status: 409,
    code: 'too_many_webhook_tests',
    message: 'At most 2 webhook tests of an account can run at once',
  },
} as const satisfies Record<string, DocumentedError>;
