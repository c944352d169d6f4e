import { DomainError } from '../../common/errors/domain-error.js';
import { MAX_ENABLED_WEBHOOKS, MAX_WEBHOOKS } from './webhook-values.js';

/** Tests of webhooks that an account can run at the same time: each waits up to 10 s for a receiver. */
export const MAX_WEBHOOK_TESTS = 2;

export class TooManyWebhooks extends DomainError {
  readonly code = 'too_many_webhooks';
  readonly kind = 'conflict';
  constructor() {
    super(`At most ${MAX_ENABLED_WEBHOOKS} webhooks can be enabled`);
  }
}

/** Webhooks are never deleted, only switched off, so that their labels can be used again. */
export class TooManyLabels extends DomainError {
  readonly code = 'too_many_labels';
  readonly kind = 'conflict';
  constructor() {
    super(`An instance can have at most ${MAX_WEBHOOKS} webhooks: use the label of one that exists`);
  }
}

/** The instance has no webhook with this label. */
export class WebhookNotFound extends DomainError {
  readonly code = 'webhook_not_found';
  readonly kind = 'not_found';
  constructor() {
    super('Webhook not found');
  }
}

/** Without an address there is nothing to send to. */
export class WebhookDisabled extends DomainError {
  readonly code = 'webhook_disabled';
  readonly kind = 'conflict';
  constructor() {
    super('Webhook is not enabled');
  }
}

export class TooManyWebhookTests extends DomainError {
  readonly code = 'too_many_webhook_tests';
  readonly kind = 'conflict';
  constructor() {
    super(`At most ${MAX_WEBHOOK_TESTS} webhook tests of an account can run at once`);
  }
}

/** The instance has no delivery with this id, or it is too old to be kept. */
export class DeliveryNotFound extends DomainError {
  readonly code = 'delivery_not_found';
  readonly kind = 'not_found';
  constructor() {
    super('delivery not found');
  }
}
