import { SealBroken, type SecretBox } from '../common/crypto/secret-box.js';
import { makeWebhookSecret } from '../common/crypto/webhook-secret.js';
import { InvalidRequestBody } from '../common/http/request.errors.js';
import { webhookAuthorizationContext, webhookSecretContext } from '../instances/sealed-places.js';
import type { WebhookEntity } from '../instances/webhook.entity.js';
import type { WebhookChange } from './webhook-values.js';

export type WebhookColumns = Pick<
  WebhookEntity,
  | 'enabled'
  | 'url'
  | 'authorizationValue'
  | 'byEvents'
  | 'events'
  | 'secret'
  | 'previousSecret'
  | 'previousSecretUntil'
  | 'disabledReason'
>;

type SecretColumns = Pick<WebhookColumns, 'secret' | 'previousSecret' | 'previousSecretUntil'>;

export interface PlannedWebhook {
  readonly columns: WebhookColumns;
  /** The secret, when this change makes one. */
  readonly madeSecret: string | null;
}

/** How long the secret before a rotation stays valid. */
const ROTATION_MS = 24 * 60 * 60 * 1000;

/** What is left of a webhook that is switched off by its owner. */
const CLEARED = { url: null, authorizationValue: null, events: new Array<string>() };

/** What a change puts into the row. @throws InvalidRequestBody */
export function plannedWebhook(
  instanceId: string,
  before: WebhookEntity | null,
  change: WebhookChange,
  secrets: SecretBox,
  now: Date,
): PlannedWebhook {
  const { label, enabled } = change;
  const madeSecret = makesSecret(before, change) ? makeWebhookSecret() : null;
  return {
    madeSecret,
    columns: {
      enabled,
      ...(enabled ? targetColumns(instanceId, before, change, secrets) : CLEARED),
      byEvents: change.byEvents ?? before?.byEvents ?? false,
      disabledReason: null,
      ...secretColumns(instanceId, before, { label, secret: madeSecret ?? change.secret }, secrets, now),
    },
  };
}

function targetColumns(
  instanceId: string,
  before: WebhookEntity | null,
  change: WebhookChange,
  secrets: SecretBox,
): Pick<WebhookColumns, 'url' | 'authorizationValue' | 'events'> {
  const url = change.url ?? before?.url;
  if (!url) throw new InvalidRequestBody('url is required when the webhook is enabled');
  const events = [...(change.events ?? before?.events ?? [])];
  if (change.authorization === undefined) {
    const isSameReceiver = before?.url && new URL(before.url).origin === new URL(url).origin;
    return { url, events, authorizationValue: isSameReceiver ? before.authorizationValue : null };
  }
  const place = webhookAuthorizationContext(instanceId, change.label);
  const authorizationValue = change.authorization ? secrets.sealText(change.authorization, place) : null;
  return { url, events, authorizationValue };
}

/** A webhook that is switched on without ever having had a secret gets one. */
function makesSecret(before: WebhookEntity | null, { enabled, secret }: WebhookChange): boolean {
  return secret === null || (secret === undefined && enabled && !before?.secret);
}

function secretColumns(
  instanceId: string,
  before: WebhookEntity | null,
  { label, secret }: Pick<WebhookChange, 'label' | 'secret'>,
  secrets: SecretBox,
  now: Date,
): SecretColumns {
  const place = webhookSecretContext(instanceId, label);
  const stored = before?.secret ?? null;
  const { previousSecret = null, previousSecretUntil = null } = before ?? {};
  if (!secret || (stored && isSecret(stored, secret)))
    return { secret: stored, previousSecret, previousSecretUntil };
  return {
    secret: secrets.sealText(secret, place),
    previousSecret: stored,
    previousSecretUntil: stored && new Date(now.getTime() + ROTATION_MS),
  };

  function isSecret(sealed: Buffer, text: string): boolean {
    try {
      return secrets.openText(sealed, place) === text;
    } catch (error) {
      if (error instanceof SealBroken) return false;
      throw error;
    }
  }
}
