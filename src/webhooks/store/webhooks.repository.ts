import { Injectable } from '@nestjs/common';
import { DataSource, MoreThan, Not } from 'typeorm';
import { EventWriter } from '../../common/events/event-writer.js';
import { instanceUpdate } from '../../common/events/webhook-event.js';
import type { PageWish } from '../../common/http/page-query.js';
import { WebhookEntity } from './webhook.entity.js';
import { TooManyLabels, TooManyWebhooks } from './webhooks.errors.js';
import type { UrlColumns } from './webhook-url.js';
import { MAX_ENABLED_WEBHOOKS, MAX_WEBHOOKS, type SwitchedOffWebhook } from './webhook-values.js';
import type { WebhookColumns } from './webhook-columns.js';

/** A webhook whose address is not sealed. */
export type WebhookInClear = Pick<WebhookEntity, 'id' | 'instanceId' | 'label'> & { readonly url: string };

/** The table of webhooks, for the features that change them. */
@Injectable()
export class WebhooksRepository {
  constructor(
    private readonly dataSource: DataSource,
    private readonly events: EventWriter,
  ) {}

  /** Sorted by label: one page and one row more, if there is one. */
  list(instanceId: string, { limit, after }: PageWish): Promise<WebhookEntity[]> {
    return this.dataSource.getRepository(WebhookEntity).find({
      where: { instanceId, ...(after !== undefined && { label: MoreThan(after) }) },
      order: { label: 'ASC' },
      take: limit + 1,
    });
  }

  find(instanceId: string, label: string): Promise<WebhookEntity | null> {
    return this.dataSource.getRepository(WebhookEntity).findOneBy({ instanceId, label });
  }

  /**
   * Makes or changes the webhook with this label.
   * @param columnsFor what to write, given what is stored; what it throws is passed on
   * @returns `undefined` when there is no such instance
   * @throws TooManyLabels, TooManyWebhooks
   */
  upsert(
    instanceId: string,
    label: string,
    columnsFor: (before: WebhookEntity | null) => WebhookColumns,
  ): Promise<WebhookEntity | undefined> {
    return this.dataSource.transaction(async (manager) => {
      // Those who change webhooks of one instance at the same time count one after another.
      const instances = await manager.query<unknown[]>(
        `SELECT FROM instances WHERE id = $1 FOR NO KEY UPDATE`,
        [instanceId],
      );
      if (instances.length === 0) return undefined;
      const before = await manager.findOneBy(WebhookEntity, { instanceId, label });
      const columns = columnsFor(before);
      if (!before && (await manager.countBy(WebhookEntity, { instanceId })) >= MAX_WEBHOOKS)
        throw new TooManyLabels();
      const others = { instanceId, enabled: true, label: Not(label) };
      if (columns.enabled && (await manager.countBy(WebhookEntity, others)) >= MAX_ENABLED_WEBHOOKS)
        throw new TooManyWebhooks();
      if (before) {
        await manager.update(WebhookEntity, { id: before.id }, { ...columns, updatedAt: () => 'now()' });
      } else {
        await manager.insert(WebhookEntity, { instanceId, label, ...columns });
      }
      return manager.findOneByOrFail(WebhookEntity, { instanceId, label });
    });
  }

  /**
   * Disables a webhook for a reason; the others of the instance get an event. False: it is disabled already and keeps its reason, or
   * it is gone.
   */
  async switchOff({ webhookId, instanceId, label, reason }: SwitchedOffWebhook): Promise<boolean> {
    const stored = await this.dataSource.transaction(async (manager) => {
      // First, as whoever deletes the instance does it.
      await manager.query(`SELECT FROM instances WHERE id = $1 FOR KEY SHARE`, [instanceId]);
      const [[changed]] = await manager.query<[{ at: Date }[], number]>(
        `UPDATE webhooks SET enabled = false, disabled_reason = $2, disabled_at = now() WHERE id = $1 AND enabled
         RETURNING disabled_at AS at`,
        [webhookId, reason],
      );
      if (!changed) return undefined;
      const event = instanceUpdate(changed.at, { state: 'webhook_disabled', label, reason });
      return this.events.store(manager, { instanceId, ...event });
    });
    if (stored !== undefined) this.events.publish(stored);
    return stored !== undefined;
  }

  /** Webhooks whose address is not sealed: a release that did not seal them wrote it. */
  findInClear(limit: number): Promise<WebhookInClear[]> {
    return this.dataSource.query<WebhookInClear[]>(
      `SELECT id, instance_id AS "instanceId", label, url FROM webhooks WHERE url <> '' ORDER BY id LIMIT $1`,
      [limit],
    );
  }

  /**
   * Puts sealed addresses in the place of those that were read, as long as they still stand there. A row that is locked is
   * left for later: a statement that waits for nobody can be no part of a deadlock.
   * @returns how many were replaced
   */
  async replaceUrls(replacements: readonly { clear: WebhookInClear; sealed: UrlColumns }[]): Promise<number> {
    const [, replaced] = await this.dataSource.query<[unknown, number]>(
      `WITH given AS (
         SELECT * FROM unnest($1::uuid[], $2::text[], $3::text[], $4::bytea[], $5::text[])
           AS given (id, clear, url, sealed_url, shown_url)
       ), free AS (
         SELECT webhooks.id FROM webhooks JOIN given ON webhooks.id = given.id AND webhooks.url = given.clear
         FOR NO KEY UPDATE OF webhooks SKIP LOCKED
       )
       UPDATE webhooks SET url = given.url, sealed_url = given.sealed_url, shown_url = given.shown_url
       FROM free JOIN given ON given.id = free.id WHERE webhooks.id = free.id`,
      [
        replacements.map(({ clear }) => clear.id),
        replacements.map(({ clear }) => clear.url),
        replacements.map(({ sealed }) => sealed.url),
        replacements.map(({ sealed }) => sealed.sealedUrl),
        replacements.map(({ sealed }) => sealed.shownUrl),
      ],
    );
    return replaced;
  }
}
