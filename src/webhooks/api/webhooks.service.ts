import { Injectable } from '@nestjs/common';
import { SecretBox } from '../../common/crypto/secret-box.js';
import type { TenantCaller } from '../../common/http/caller.js';
import { FIRST_PAGE, pageOf, type Page } from '../../common/http/page-query.js';
import { Clock } from '../../common/time/clock.js';
import { InstanceNotFound } from '../../instances/instances.errors.js';
import { InstancesService } from '../../instances/instances.service.js';
import { shownUrl } from '../store/webhook-url.js';
import type { WebhookEntity } from '../store/webhook.entity.js';
import { DeliveryWorker } from '../../deliveries/delivery-worker.js';
import { WebhookNotFound } from '../store/webhooks.errors.js';
import { plannedWebhook } from '../store/webhook-columns.js';
import type { ChangedWebhook, Webhook, WebhookChange } from '../store/webhook-values.js';
import { WebhooksRepository } from '../store/webhooks.repository.js';

/** The webhooks of an instance, as its owner configures them. */
@Injectable()
export class WebhooksService {
  constructor(
    private readonly instances: InstancesService,
    private readonly repository: WebhooksRepository,
    private readonly worker: DeliveryWorker,
    private readonly secrets: SecretBox,
    private readonly clock: Clock,
  ) {}

  /**
   * Makes or changes the webhook with this label. What waits for it is due at once: the change may be the repair.
   * @throws InstanceNotFound, TooManyLabels, TooManyWebhooks, InvalidRequestBody
   */
  async change(caller: TenantCaller, instanceName: string, change: WebhookChange): Promise<ChangedWebhook> {
    const { id } = await this.instances.require(caller, instanceName);
    let madeSecret: string | null = null;
    const webhook = await this.repository.upsert(id, change.label, (before) => {
      const planned = plannedWebhook(id, before, change, this.secrets, this.clock.now());
      ({ madeSecret } = planned);
      return planned.columns;
    });
    if (!webhook) throw new InstanceNotFound();
    await this.worker.hurry(webhook.id);
    return { webhook: toWebhook(webhook), madeSecret };
  }

  /** A page, sorted by label. @throws InstanceNotFound */
  async list(caller: TenantCaller, instanceName: string, wish = FIRST_PAGE): Promise<Page<Webhook>> {
    const { id } = await this.instances.require(caller, instanceName);
    const { rows, nextCursor } = pageOf(await this.repository.list(id, wish), wish, ({ label }) => label);
    return { rows: rows.map(toWebhook), nextCursor };
  }

  /** @throws InstanceNotFound, WebhookNotFound */
  async get(caller: TenantCaller, instanceName: string, label: string): Promise<Webhook> {
    const { id } = await this.instances.require(caller, instanceName);
    const webhook = await this.repository.find(id, label);
    if (!webhook) throw new WebhookNotFound();
    return toWebhook(webhook);
  }
}

function toWebhook(row: WebhookEntity): Webhook {
  const { id, label, enabled, byEvents, events, disabledReason, disabledAt, createdAt, updatedAt } = row;
  return {
    id,
    label,
    enabled,
    url: shownUrl(row),
    hasAuthorization: row.authorizationValue !== null,
    headerNames: row.headerNames,
    byEvents,
    events,
    hasSecret: row.secret !== null,
    disabledReason,
    disabledAt,
    counters: {
      delivered: Number(row.deliveredCount),
      dead: Number(row.deadCount),
      failedAttempts: Number(row.failedAttempts),
      lastSuccessAt: row.lastSuccessAt,
      lastFailureAt: row.lastFailureAt,
    },
    createdAt,
    updatedAt,
  };
}
