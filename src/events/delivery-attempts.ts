import { Injectable } from '@nestjs/common';
import { SealBroken, SecretBox } from '../common/crypto/secret-box.js';
import { Log } from '../common/logging/log.js';
import { Clock } from '../common/time/clock.js';
import { AppConfig } from '../config/app-config.js';
import { webhookAuthorizationContext, webhookSecretContext } from '../instances/sealed-places.js';
import { openUrl } from '../instances/webhook-url.js';
import { outcomeOf, type DeliveryOutcome } from './delivery-outcome.js';
import type { DueDelivery } from './due-delivery.js';
import { openHeaders } from './webhook-headers.js';
import { WebhookSender } from './webhook-sender.js';
import { signatureHeaders } from './webhook-signature.js';

/** Tries to deliver, once. */
@Injectable()
export class DeliveryAttempts {
  constructor(
    private readonly sender: WebhookSender,
    private readonly secrets: SecretBox,
    private readonly config: AppConfig,
    private readonly clock: Clock,
    private readonly log: Log,
  ) {}

  /** Never rejects. */
  async make(delivery: DueDelivery): Promise<DeliveryOutcome> {
    const { enabled, body, attempts, webhookId } = delivery;
    if (!enabled || delivery.url === null) return { kind: 'dead', status: null, error: 'webhook_disabled' };
    const plan = {
      delaysSeconds: this.config.webhookRetrySeconds,
      random: Math.random,
      now: this.clock.now(),
    };
    try {
      const url = openUrl(delivery, this.secrets) ?? '';
      const result = await this.sender.send({
        accountId: delivery.accountId,
        url: delivery.byEvents ? withEvent(url, delivery.event) : url,
        headers: this.headersOf(delivery),
        body,
        allowPrivate: this.config.webhookAllowPrivate,
      });
      return outcomeOf(result, attempts, plan);
    } catch (err) {
      this.log.error('A webhook could not be prepared for sending', { webhookId, err });
      const reason = err instanceof SealBroken ? 'secret_unreadable' : 'request_failed';
      return outcomeOf({ kind: 'failed', reason }, attempts, plan);
    }
  }

  private headersOf(delivery: DueDelivery): Record<string, string> {
    const { instanceId, label, eventId, body, authorizationValue, secret, previousSecret } = delivery;
    const secrets = [secret, previousSecret]
      .filter((sealed) => sealed !== null)
      .map((sealed) => this.secrets.openText(sealed, webhookSecretContext(instanceId, label)));
    return {
      ...Object.fromEntries(openHeaders(delivery, this.secrets)),
      ...(authorizationValue && {
        authorization: this.secrets.openText(
          authorizationValue,
          webhookAuthorizationContext(instanceId, label),
        ),
      }),
      ...signatureHeaders({ id: eventId, timestamp: this.clock.now(), body, secrets }),
    };
  }
}

/** `https://host/path?x=1` and `call.update` become `https://host/path/call.update?x=1`. */
export function withEvent(url: string, event: string): string {
  const extended = new URL(url);
  extended.pathname = `${extended.pathname.replace(/\/+$/, '')}/${event}`;
  return extended.href;
}
