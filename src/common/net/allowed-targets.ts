import { Injectable } from '@nestjs/common';
import { AppConfig } from '../../config/app-config.js';
import { InvalidRequestBody } from '../http/request.errors.js';
import { parseTarget } from './target-policy.js';

/** Says no, under the operator's settings, to URLs that must not receive events. */
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
}
