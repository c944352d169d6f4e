import type { SecretBox } from '../common/crypto/secret-box.js';
import type { ProxyWish } from './instance-values.js';
import type { InstanceEntity } from './instance.entity.js';

export type ProxyColumns = Pick<
  InstanceEntity,
  'proxyEnabled' | 'proxyProtocol' | 'proxyHost' | 'proxyPort' | 'proxyUsername' | 'proxyPassword'
>;

/** The stored proxy before a change. */
export type StoredProxy = Omit<ProxyColumns, 'proxyEnabled'>;

/**
 * What a proxy that is asked for puts into the row. A stored password goes on only to the service and the user it
 * was given for, and in the same way: another host or port would hand it to a stranger, another protocol would send it in clear.
 */
export function proxyColumns(
  instanceId: string,
  wish: ProxyWish,
  secrets: SecretBox,
  before?: StoredProxy,
): ProxyColumns {
  const isSame =
    before?.proxyHost === wish.host &&
    before.proxyPort === wish.port &&
    before.proxyProtocol === wish.protocol &&
    before.proxyUsername === wish.username;
  const kept = wish.password === undefined && isSame ? before.proxyPassword : null;
  return {
    proxyEnabled: wish.enabled,
    proxyProtocol: wish.protocol,
    proxyHost: wish.host,
    proxyPort: wish.port,
    proxyUsername: wish.username,
    proxyPassword: wish.password ? secrets.sealText(wish.password, proxyPasswordContext(instanceId)) : kept,
  };
}

/** Place of a sealed proxy password; a value that is copied to another instance does not open. */
export function proxyPasswordContext(instanceId: string): string[] {
  return ['instance', instanceId, 'proxy-password'];
}
