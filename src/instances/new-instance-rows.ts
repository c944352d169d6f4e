import type { SecretBox } from '../common/crypto/secret-box.js';
import { makeWebhookSecret } from '../common/crypto/webhook-secret.js';
import type { InstanceDraft, InstanceSettings } from './instance-values.js';
import type { InstanceEntity } from './instance.entity.js';
import { proxyColumns, type ProxyColumns } from './proxy-columns.js';
import { newWebhookRow, type NewWebhookRow } from '../webhooks/store/webhook-columns.js';

type NewInstanceRow = Pick<InstanceEntity, 'id' | 'accountId' | 'name'> &
  Partial<InstanceSettings & ProxyColumns & Pick<InstanceEntity, 'websocketEnabled' | 'websocketEvents'>>;

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
