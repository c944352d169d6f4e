import { isIPv6 } from 'node:net';
import { InvalidRequestBody } from '../../common/http/request.errors.js';
import type { ProxyProtocol, ProxyWish } from '../instance-values.js';
import { toPort } from './body-rules.js';

/** RFC 1123 host names, and underscores, which container networks use. */
const HOST_NAME = /^(?!-)[A-Za-z0-9_-]{1,63}(\.[A-Za-z0-9_-]{1,63})*\.?$/;

/** Fields of a proxy as they came in, each of the right type. */
export interface ProxyFields {
  readonly enabled: boolean;
  readonly host: string | null | undefined;
  readonly port: string | number | null | undefined;
  readonly protocol: ProxyProtocol | null | undefined;
  readonly username: string | null | undefined;
  readonly password: string | null | undefined;
}

/** `named` turns a field into the name under which the client sent it. @throws InvalidRequestBody */
export function toProxyWish(fields: ProxyFields, named: (field: keyof ProxyFields) => string): ProxyWish {
  const wish: ProxyWish = {
    enabled: fields.enabled,
    host: fields.host?.trim() || null,
    port: toPort(fields.port) ?? null,
    protocol: fields.protocol ?? null,
    username: fields.username || null,
    // An empty password is none; a password that is not mentioned may be the stored one.
    password: fields.password === undefined ? undefined : fields.password || null,
  };
  if (wish.enabled) {
    for (const field of ['host', 'port', 'protocol'] as const) {
      if (wish[field] === null)
        throw new InvalidRequestBody(`${named(field)} is required when the proxy is enabled`);
    }
  }
  if (wish.host !== null && !isHost(wish.host)) {
    throw new InvalidRequestBody(
      `${named('host')} must be a host name or an IP address, without scheme and port`,
    );
  }
  if (wish.password && wish.username === null) {
    throw new InvalidRequestBody(`${named('username')} is required with a password`);
  }
  return wish;
}

function isHost(text: string): boolean {
  if (isIPv6(text)) return !text.includes('%'); // a zone is of no use in a URL
  // A name that looks like an IPv4 address has to be one, which URL checks.
  return text.length <= 253 && HOST_NAME.test(text) && URL.canParse(`http://${text}`);
}
