import { Injectable } from '@nestjs/common';
import { SealBroken, SecretBox } from '../common/crypto/secret-box.js';
import { Log } from '../common/logging/log.js';
import { Clock } from '../common/time/clock.js';
import { AppConfig } from '../config/app-config.js';
import { webhookAuthorizationContext, webhookSecretContext } from '../webhooks/store/sealed-places.js';
import { openUrl } from '../webhooks/store/webhook-url.js';
import { outcomeOf, type DeliveryOutcome } from './delivery-outcome.js';
import type { DueDelivery } from './due-delivery.js';
import { openHeaders } from '../webhooks/store/webhook-headers.js';
import { KEPT_BYTES, shownAnswer } from '../webhooks/sending/shown-answer.js';
import type { PostAnswer } from '../webhooks/sending/webhook-post.js';
import { WebhookSender } from '../webhooks/sending/webhook-sender.js';
import { signatureHeaders } from '../webhooks/sending/webhook-signature.js';

/** Where events go, as the table of webhooks has it. */
export type Receiver = Pick<
  DueDelivery,
  | 'webhookId'
  | 'accountId'
  | 'instanceId'
  | 'label'
  | 'url'
  | 'sealedUrl'
  | 'byEvents'
  | 'headers'
  | 'authorizationValue'
  | 'secret'
  | 'previousSecret'
>;

/** What is sent. */
export type SentEvent = Pick<DueDelivery, 'eventId' | 'event' | 'body'>;

export type Sent =
  | (PostAnswer & { readonly kind: 'answered'; readonly durationMs: number; readonly answer?: string })
  | { readonly kind: 'failed'; readonly reason: string; readonly durationMs: number };

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
    const { enabled, url, attempts } = delivery;
    if (!enabled || url === null) return { kind: 'dead', status: null, error: 'webhook_disabled' };
    const sent = await this.send(delivery, delivery);
    return outcomeOf(sent, attempts, {
      delaysSeconds: this.config.webhookRetrySeconds,
      random: Math.random,
      now: this.clock.now(),
    });
  }

  /**
   * Sends an event, once. Never rejects.
   * @param showsAnswer the beginning of the answer is wanted, too
   */
  async send(receiver: Receiver, event: SentEvent, { showsAnswer = false } = {}): Promise<Sent> {
    const { webhookId, byEvents } = receiver;
    try {
      const url = openUrl(receiver, this.secrets) ?? '';
      const signingSecrets = this.signingSecretsOf(receiver);
      const request = {
        accountId: receiver.accountId,
        url: byEvents ? withEvent(url, event.event) : url,
        headers: this.headersOf(receiver, event, signingSecrets),
        body: event.body,
        allowPrivate: this.config.webhookAllowPrivate,
        keepBytes: showsAnswer ? KEPT_BYTES : 0,
      };
      const result = await this.sender.send(request);
      if (result.kind === 'failed' || !result.head) return result;
      return { ...result, answer: shownAnswer(result.head, request, signingSecrets) };
    } catch (err) {
      this.log.error('A webhook could not be prepared for sending', { webhookId, err });
      const reason = err instanceof SealBroken ? 'secret_unreadable' : 'request_failed';
      return { kind: 'failed', reason, durationMs: 0 };
    }
  }

  private signingSecretsOf({ instanceId, label, secret, previousSecret }: Receiver): string[] {
    return [secret, previousSecret]
      .filter((sealed) => sealed !== null)
      .map((sealed) => this.secrets.openText(sealed, webhookSecretContext(instanceId, label)));
  }

  private headersOf(
    receiver: Receiver,
    { eventId, body }: SentEvent,
    secrets: readonly string[],
  ): Record<string, string> {
    const { instanceId, label, authorizationValue } = receiver;
    return {
      ...Object.fromEntries(openHeaders(receiver, this.secrets)),
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
