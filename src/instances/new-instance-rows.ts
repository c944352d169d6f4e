import type { SecretBox } from '../common/crypto/secret-box.js';
import { makeWebhookSecret } from '../common/crypto/webhook-secret.js';
import {
  DEFAULT_WEBHOOK_LABEL,
  type InstanceDraft,
  type InstanceSettings,
  type WebhookWish,
} from './instance-values.js';
import type { InstanceEntity } from './instance.entity.js';
import { proxyColumns, type ProxyColumns } from './proxy-columns.js';
import { webhookAuthorizationContext, webhookSecretContext } from './sealed-places.js';
import type { WebhookEntity } from './webhook.entity.js';
import { NO_URL, sealedUrl, type UrlColumns } from './webhook-url.js';

type NewInstanceRow = Pick<InstanceEntity, 'id' | 'accountId' | 'name'> &
  Partial<InstanceSettings & ProxyColumns & Pick<InstanceEntity, 'websocketEnabled' | 'websocketEvents'>>;

type NewWebhookRow = Pick<
  WebhookEntity,
  'instanceId' | 'label' | 'enabled' | 'authorizationValue' | 'byEvents' | 'events' | 'secret'
> &
  UrlColumns;

/** All rows that a new instance needs; they are written together or not at all. */
export interface NewInstanceRows {
  readonly instance: NewInstanceRow;
  readonly webhook: NewWebhookRow | undefined;
  /** What the webhook will sign with, in clear, for telling it this once; `null` when none was enabled. */
  readonly madeSecret: string | null;
}

export function newInstanceRows(
  id: string,
  accountId: string,
  draft: InstanceDraft,
  secrets: SecretBox,
): NewInstanceRows {
  const madeSecret = draft.webhook?.enabled ? makeWebhookSecret() : null;
  return {
    madeSecret,
    instance: {
      id,
      accountId,
      name: draft.name,
      ...draft.settings,
      ...(draft.proxy && proxyColumns(id, draft.proxy, secrets)),
      ...(draft.websocket && {
        websocketEnabled: draft.websocket.enabled,
        websocketEvents: [...draft.websocket.events],
      }),
    },
    webhook: draft.webhook && newWebhookRow(id, draft.webhook, madeSecret, secrets),
  };
}

/** A webhook that is switched on later gets its secret then. */
function newWebhookRow(
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
