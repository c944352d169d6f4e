import { proxyPasswordContext } from '../instances/proxy-columns.js';
import {
  webhookAuthorizationContext,
  webhookHeadersContext,
  webhookSecretContext,
  webhookUrlContext,
} from '../webhooks/store/sealed-places.js';
import { credentialsContext, sessionKeyContext } from '../whatsapp/session-store/sealed-places.js';

/** A column whose values are sealed, and the place that each value is bound to. */
export interface SealedColumn {
  readonly table: string;
  readonly column: string;
  /** Columns of a unique index: the id of an instance, then texts. */
  readonly key: readonly [string, ...string[]];
  /** @param keyValues values of the columns of `key`, in their order */
  place(keyValues: readonly string[]): string[];
}

/** Every sealed column of the schema. */
export const SEALED_COLUMNS: readonly SealedColumn[] = [
  {
    table: 'instances',
    column: 'proxy_password',
    key: ['id'],
    place: ([id = '']) => proxyPasswordContext(id),
  },
  {
    table: 'webhooks',
    column: 'authorization_value',
    key: ['instance_id', 'label'],
    place: ([instanceId = '', label = '']) => webhookAuthorizationContext(instanceId, label),
  },
  {
    table: 'webhooks',
    column: 'sealed_url',
    key: ['instance_id', 'label'],
    place: ([instanceId = '', label = '']) => webhookUrlContext(instanceId, label),
  },
  {
    table: 'webhooks',
    column: 'headers',
    key: ['instance_id', 'label'],
    place: ([instanceId = '', label = '']) => webhookHeadersContext(instanceId, label),
  },
  ...['secret', 'previous_secret'].map((column): SealedColumn => ({
    table: 'webhooks',
    column,
    key: ['instance_id', 'label'],
    place: ([instanceId = '', label = '']) => webhookSecretContext(instanceId, label),
  })),
  {
    table: 'session_credentials',
    column: 'value',
    key: ['instance_id'],
    place: ([instanceId = '']) => credentialsContext(instanceId),
  },
  {
    table: 'session_keys',
    column: 'value',
    key: ['instance_id', 'type', 'key_id'],
    place: ([instanceId = '', type = '', keyId = '']) => sessionKeyContext(instanceId, type, keyId),
  },
];
