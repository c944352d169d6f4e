import { Injectable } from '@nestjs/common';
import { ApplicationPoller } from '../../common/async/poller.js';
import { SecretBox } from '../../common/crypto/secret-box.js';
import { Log } from '../../common/logging/log.js';
import { Clock } from '../../common/time/clock.js';
import { sealedUrl } from './webhook-url.js';
import { WebhooksRepository } from './webhooks.repository.js';

/** The earlier release may still run beside this one for a while, and write further ones. */
const EVERY_MS = 60_000;
const BATCH = 500;

/** Seals the addresses of webhooks that an earlier release stored in clear: a migration has no encryption key. */
@Injectable()
export class WebhookUrlSealing extends ApplicationPoller {
  constructor(
    private readonly webhooks: WebhooksRepository,
    private readonly secrets: SecretBox,
    clock: Clock,
    private readonly log: Log,
  ) {
    super(clock, log, {
      everyMs: EVERY_MS,
      failure: 'Stored addresses of webhooks could not be sealed',
    });
  }

  protected override async round(): Promise<void> {
    const inClear = await this.webhooks.findInClear(BATCH);
    if (inClear.length === 0) return;
    const replaced = await this.webhooks.replaceUrls(
      inClear.map((clear) => ({
        clear,
        sealed: sealedUrl(clear.instanceId, clear.label, clear.url, this.secrets),
      })),
    );
    if (replaced === 0) return;
    this.log.info('Stored addresses of webhooks were sealed', { count: replaced });
    if (inClear.length === BATCH) this.poller.wake();
  }
}
