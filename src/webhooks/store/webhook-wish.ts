import { InvalidRequestBody } from '../../common/http/request.errors.js';
import { isMasked } from './webhook-url.js';

/**
 * The names of RyzeAPI's event catalogue, so that a configuration written for it keeps working. This product emits the first
 * two and never the others. A name outside the catalogue is refused: a webhook that waits for it would stay silent for ever.
 */
export const EVENT_TYPES = [
  'call.update',
  'instance.state',
  'message.exchange',
  'message.status',
  'group.flow',
  'label.update',
] as const;

export function isEventType(value: unknown): boolean {
  return EVENT_TYPES.some((type) => type === value);
}

/** Each type once, in the order given. */
export function distinct(events: readonly string[] | null | undefined): string[] {
  return [...new Set(events ?? [])];
}

/** Fields of a webhook as they came in, each of the right type. */
export interface WebhookFields {
  readonly enabled: boolean | null | undefined;
  readonly url: string | null | undefined;
  readonly authorization: string | null | undefined;
  readonly byEvents: boolean | null | undefined;
  readonly events: readonly string[] | null | undefined;
}

/** A webhook that a new instance is to have. */
export interface WebhookWish {
  readonly enabled: boolean;
  readonly url: string | null;
  /** Value of the `Authorization` header. */
  readonly authorization: string | null;
  readonly byEvents: boolean;
  readonly events: readonly string[];
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
