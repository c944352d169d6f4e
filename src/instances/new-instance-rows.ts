import type { SecretBox } from '../common/crypto/secret-box.js';
import { DEFAULT_WEBHOOK_LABEL, type InstanceDraft, type InstanceSettings } from './instance-values.js';
import type { InstanceEntity } from './instance.entity.js';
import { proxyColumns, type ProxyColumns } from './proxy-columns.js';
import { webhookAuthorizationContext } from './sealed-places.js';
import type { WebhookEntity } from './webhook.entity.js';

type NewInstanceRow = Pick<InstanceEntity, 'id' | 'accountId' | 'name'> &
  Partial<InstanceSettings & ProxyColumns & Pick<InstanceEntity, 'websocketEnabled' | 'websocketEvents'>>;

type NewWebhookRow = Pick<
  WebhookEntity,
  'instanceId' | 'label' | 'enabled' | 'url' | 'authorizationValue' | 'byEvents' | 'events'
>;

/** All rows that a new instance needs; they are written together or not at all. */
export interface NewInstanceRows {
  readonly instance: NewInstanceRow;
  readonly webhook: NewWebhookRow | undefined;
}

export function newInstanceRows(
  id: string,
  accountId: string,
  draft: InstanceDraft,
  secrets: SecretBox,
): NewInstanceRows {
  return {
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
    webhook: draft.webhook && {
      instanceId: id,
      label: DEFAULT_WEBHOOK_LABEL,
      enabled: draft.webhook.enabled,
      url: draft.webhook.url,
      authorizationValue:
        draft.webhook.authorization === null
          ? null
          : secrets.sealText(
              draft.webhook.authorization,
              webhookAuthorizationContext(id, DEFAULT_WEBHOOK_LABEL),
            ),
      byEvents: draft.webhook.byEvents,
      events: [...draft.webhook.events],
    },
  };
}
