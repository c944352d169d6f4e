import { isDeepStrictEqual } from 'node:util';
import type { SecretBox } from '../common/crypto/secret-box.js';
import type { SessionOptions } from '../whatsapp/whatsapp.gateway.js';
import { restrictionOf } from './instance-values.js';
import type { InstanceEntity } from './instance.entity.js';
import { ProxyPasswordUnreadable } from './instances.errors.js';
import { proxyPasswordContext } from './proxy-columns.js';

export type SessionConfiguration = Pick<
  InstanceEntity,
  | 'id'
  | 'accountId'
  | 'keepOnlineStatus'
  | 'restricted'
  | 'restrictedUntil'
  | 'contactsSparedFrom'
  | 'proxyEnabled'
  | 'proxyProtocol'
  | 'proxyHost'
  | 'proxyPort'
  | 'proxyUsername'
  | 'proxyPassword'
>;

/** How the session of an instance is to be opened. @throws ProxyPasswordUnreadable */
export function toSessionOptions(instance: SessionConfiguration, secrets: SecretBox): SessionOptions {
  return {
    accountId: instance.accountId,
    keepOnline: instance.keepOnlineStatus,
    proxy: proxyOf(instance, secrets),
    restriction: restrictionOf(instance),
  };
}

function proxyOf(instance: SessionConfiguration, secrets: SecretBox): SessionOptions['proxy'] {
  const { proxyProtocol: protocol, proxyHost: host, proxyPort: port, proxyUsername: username } = instance;
  if (!instance.proxyEnabled || protocol === null || host === null || port === null) return null;
  return { protocol, host, port, username, password: passwordOf(instance, secrets) };
}

function passwordOf({ id, proxyPassword }: SessionConfiguration, secrets: SecretBox): string | null {
  if (proxyPassword === null) return null;
  try {
    return secrets.openText(proxyPassword, proxyPasswordContext(id));
  } catch (cause) {
    throw new ProxyPasswordUnreadable(cause);
  }
}

/** True when a session that was opened for the one need not be reopened for the other. */
export function opensAlike(
  before: SessionConfiguration,
  after: SessionConfiguration,
  secrets: SecretBox,
): boolean {
  try {
    return isDeepStrictEqual(toSessionOptions(before, secrets), toSessionOptions(after, secrets));
  } catch {
    return false; // a password that cannot be read is replaced, or stays in the way
  }
}
