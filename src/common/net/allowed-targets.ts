import { Injectable } from '@nestjs/common';
import { AppConfig } from '../../config/app-config.js';
import { InvalidRequestBody } from '../http/request.errors.js';
import { isBlockedForProxies } from './blocked-ports.js';
import { faultOfTarget, parseTarget } from './target-policy.js';

const HOW_TO_ALLOW = 'only with PROXY_ALLOW_PRIVATE=true may proxies be there';

/** Refuses, under the operator's settings, targets that the product must not connect to for an account. */
@Injectable()
export class AllowedTargets {
  constructor(private readonly config: AppConfig) {}

  /**
   * @param url nothing is checked when there is none
   * @param field name of the URL in the request
   * @throws InvalidRequestBody
   */
  requireAllowed(url: string | null | undefined, field: string): void {
    if (url === null || url === undefined) return;
    const target = parseTarget(url, { allowPrivate: this.config.webhookAllowPrivate });
    if (target.ok) return;
    const isOnlyPrivate = parseTarget(url, { allowPrivate: true }).ok;
    const help = isOnlyPrivate ? '; only with WEBHOOK_ALLOW_PRIVATE=true may webhooks go there' : '';
    throw new InvalidRequestBody(`${target.detail.replace(/^url/, field)}${help}`);
  }

  /**
   * @param proxy nothing is checked when there is none, or no host
   * @param names of the two fields in the request
   * @throws InvalidRequestBody
   */
  requireAllowedProxy(
    proxy: { readonly host: string | null; readonly port: number | null } | undefined,
    names: { readonly host: string; readonly port: string } = { host: 'host', port: 'port' },
  ): void {
    if (!proxy || proxy.host === null) return;
    const { host, port } = proxy;
    if (faultOfTarget(host, { allowPrivate: true }) !== undefined)
      throw new InvalidRequestBody(`${names.host} is no host name and no IP address`);
    if (this.config.proxyAllowPrivate) return;
    if (port !== null && isBlockedForProxies(port))
      throw new InvalidRequestBody(`${names.port} belongs to a service that is no proxy`);
    const fault = faultOfTarget(host, { allowPrivate: false });
    if (fault !== undefined) throw new InvalidRequestBody(`${names.host} ${fault}; ${HOW_TO_ALLOW}`);
  }
}
