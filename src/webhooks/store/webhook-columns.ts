import { SealBroken, type SecretBox } from '../../common/crypto/secret-box.js';
import { makeWebhookSecret } from '../../common/crypto/webhook-secret.js';
import { InvalidRequestBody } from '../../common/http/request.errors.js';
import { webhookAuthorizationContext, webhookSecretContext } from './sealed-places.js';
import type { WebhookEntity } from './webhook.entity.js';
import { isMasked, NO_URL, sealedUrl, shownUrl, type UrlColumns } from './webhook-url.js';
import { NO_HEADERS, sealedHeaders, type HeaderColumns } from './webhook-headers.js';
import { DEFAULT_WEBHOOK_LABEL, type WebhookChange } from './webhook-values.js';
import type { WebhookWish } from './webhook-wish.js';

type TargetColumns = UrlColumns & HeaderColumns & Pick<WebhookEntity, 'authorizationValue' | 'events'>;
type SecretColumns = Pick<WebhookEntity, 'secret' | 'previousSecret' | 'previousSecretUntil'>;

export type WebhookColumns = TargetColumns &
  SecretColumns &
  Pick<WebhookEntity, 'enabled' | 'byEvents'> &
  typeof FRESH;

export type NewWebhookRow = Pick<
  WebhookEntity,
  'instanceId' | 'label' | 'enabled' | 'authorizationValue' | 'byEvents' | 'events' | 'secret'
> &
  UrlColumns;

export interface PlannedWebhook {
  readonly columns: WebhookColumns;
  /** The secret, when this change makes one. */
  readonly madeSecret: string | null;
}

/** How long the secret before a rotation stays valid. */
const ROTATION_MS = 24 * 60 * 60 * 1000;

/** What is left of a webhook that is switched off by its owner. */
const CLEARED = { ...NO_URL, ...NO_HEADERS, authorizationValue: null, events: new Array<string>() };

/** A change by the owner may be the repair: what the receiver did before it counts no more. */
const FRESH = { disabledReason: null, disabledAt: null, failingSince: null, pausedUntil: null };

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
      ...FRESH,
      ...secretColumns(instanceId, before, { label, secret: madeSecret ?? change.secret }, secrets, now),
    },
  };
}

/** The webhook of a new instance. @param secret in clear; `null` = it is switched on later, and gets one then */
export function newWebhookRow(
  instanceId: string,
  { enabled, url, authorization, byEvents, events }: WebhookWish,
  secret: string | null,
  secrets: SecretBox,
): NewWebhookRow {
  const label = DEFAULT_WEBHOOK_LABEL;
  return {
    instanceId,
    label,
    enabled,
    ...(url === null ? NO_URL : sealedUrl(instanceId, label, url, secrets)),
    authorizationValue:
      authorization === null
        ? null
        : secrets.sealText(authorization, webhookAuthorizationContext(instanceId, label)),
    byEvents,
    events: [...events],
    secret: secret === null ? null : secrets.sealText(secret, webhookSecretContext(instanceId, label)),
  };
}

function targetColumns(
  instanceId: string,
  before: WebhookEntity | null,
  change: WebhookChange,
  secrets: SecretBox,
): TargetColumns {
  const target = urlColumns(instanceId, before, change, secrets);
  // What is secret to one receiver is not handed to another.
  const known = before && isSameReceiver(before, target) ? before : null;
  return {
    ...target,
    events: [...(change.events ?? before?.events ?? [])],
    authorizationValue:
      change.authorization === undefined
        ? (known?.authorizationValue ?? null)
        : sealedAuthorization(instanceId, change.label, change.authorization, secrets),
    ...(change.headers === undefined
      ? { headers: known?.headers ?? null, headerNames: known?.headerNames ?? [] }
      : sealedHeaders(instanceId, change.label, change.headers ?? {}, known, secrets)),
  };
}

/** The address that a list showed stands for the stored one. */
function urlColumns(
  instanceId: string,
  before: WebhookEntity | null,
  { label, url }: WebhookChange,
  secrets: SecretBox,
): UrlColumns {
  const shown = before && shownUrl(before);
  if (url !== undefined && url !== shown) {
    if (isMasked(url)) throw new InvalidRequestBody('url is masked; give the whole address');
    return sealedUrl(instanceId, label, url, secrets);
  }
  if (!before || shown === null) throw new InvalidRequestBody('url is required when the webhook is enabled');
  return { url: before.url, sealedUrl: before.sealedUrl, shownUrl: before.shownUrl };
}

function isSameReceiver(before: UrlColumns, after: UrlColumns): boolean {
  const [one, other] = [before, after].map((columns) => {
    const shown = shownUrl(columns) ?? '';
    return URL.canParse(shown) ? new URL(shown).origin : undefined;
  });
  return one !== undefined && one === other;
}

function sealedAuthorization(
  instanceId: string,
  label: string,
  value: string | null,
  secrets: SecretBox,
): Buffer | null {
  return value ? secrets.sealText(value, webhookAuthorizationContext(instanceId, label)) : null;
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
