import { InvalidRequestBody } from '../../common/http/request.errors.js';
import { PROXY_PROTOCOLS, type ProxyProtocol, type ProxyWish } from '../instance-values.js';
import { Choice, Flag, Port, Text } from './body-rules.js';
import { toProxyWish, type ProxyFields } from './proxy-wish.js';

/** The whole proxy: it replaces the one before. Each field is also understood under its name in `instance/new`. */
export class ProxyBody {
  @Flag({
    description: 'Connect to WhatsApp through the proxy (required here or as `proxyEnabled`)',
    example: true,
  })
  enabled?: boolean | null;

  @Text(253, { description: 'Host name or IP address', example: 'proxy.example.com' })
  host?: string | null;

  @Port({ description: 'TCP port, 1 to 65535', example: '1080' })
  port?: string | number | null;

  @Choice(PROXY_PROTOCOLS, { description: 'How to speak to the proxy', example: 'socks5' })
  protocol?: ProxyProtocol | null;

  @Text(255, { description: 'User name; left out = none', example: 'user' })
  username?: string | null;

  @Text(255, {
    description:
      'Encrypted at rest and never returned. Left out, the stored one is kept only while host, port, protocol and username stay the same',
    example: 'secret',
  })
  password?: string | null;

  @Flag({ description: 'Other name of `enabled`' })
  proxyEnabled?: boolean | null;

  @Text(253, { description: 'Other name of `host`' })
  proxyHost?: string | null;

  @Port({ description: 'Other name of `port`' })
  proxyPort?: string | number | null;

  @Choice(PROXY_PROTOCOLS, { description: 'Other name of `protocol`' })
  proxyProtocol?: ProxyProtocol | null;

  @Text(255, { description: 'Other name of `username`' })
  proxyUsername?: string | null;

  @Text(255, { description: 'Other name of `password`' })
  proxyPassword?: string | null;

  /** @throws InvalidRequestBody when fields are missing or contradict each other */
  toWish(): ProxyWish {
    const enabled = this.enabled ?? this.proxyEnabled;
    if (typeof enabled !== 'boolean') throw new InvalidRequestBody('enabled is required');
    const fields: ProxyFields = {
      enabled,
      host: this.host ?? this.proxyHost,
      port: this.port ?? this.proxyPort,
      protocol: this.protocol ?? this.proxyProtocol,
      username: this.username ?? this.proxyUsername,
      password: this.password === undefined ? this.proxyPassword : this.password,
    };
    return toProxyWish(fields, (field) => field);
  }
}
