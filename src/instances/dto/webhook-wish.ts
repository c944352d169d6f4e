import { InvalidRequestBody } from '../../common/http/request.errors.js';
import type { WebhookWish } from '../instance-values.js';
import { isMasked } from '../webhook-url.js';
import { distinct } from './event-types.js';

/** Fields of a webhook as they came in, each of the right type. */
export interface WebhookFields {
  readonly enabled: boolean | null | undefined;
  readonly url: string | null | undefined;
  readonly authorization: string | null | undefined;
  readonly byEvents: boolean | null | undefined;
  readonly events: readonly string[] | null | undefined;
}

/** `undefined` when no field was given. @throws InvalidRequestBody */
export function toWebhookWish(fields: WebhookFields): WebhookWish | undefined {
  const url = fields.url?.trim() || null;
  const enabled = fields.enabled ?? false;
  if (url !== null) requireWebAddress(url);
  if (enabled && url === null)
    throw new InvalidRequestBody('webhookURL is required when the webhook is enabled');
  if (fields.enabled === null || fields.enabled === undefined) {
    if (url === null) return undefined;
  }
  return {
    enabled,
    url,
    authorization: fields.authorization || null,
    byEvents: fields.byEvents ?? false,
    events: distinct(fields.events),
  };
}

function requireWebAddress(text: string): void {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url?.protocol !== 'http:' && url?.protocol !== 'https:') {
    throw new InvalidRequestBody('webhookURL must be a URL that starts with http:// or https://');
  }
  if (url.username || url.password) {
    throw new InvalidRequestBody('webhookURL must not contain credentials; use webhookAuthorization');
  }
  if (isMasked(text)) throw new InvalidRequestBody('webhookURL is masked; give the whole address');
}
