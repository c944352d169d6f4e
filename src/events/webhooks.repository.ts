import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { InstanceNotFound } from '../instances/instances.errors.js';
import { WebhookEntity } from '../instances/webhook.entity.js';
import { MAX_ENABLED_WEBHOOKS, TooManyWebhooks } from './events.errors.js';
import type { WebhookColumns } from './webhook-columns.js';

/** The table of webhooks, for the features that change them. */
@Injectable()
export class WebhooksRepository {
  constructor(private readonly dataSource: DataSource) {}

  /** Sorted by label. */
  list(instanceId: string): Promise<WebhookEntity[]> {
    return this.dataSource
      .getRepository(WebhookEntity)
      .find({ where: { instanceId }, order: { label: 'ASC' } });
  }

  /**
   * Makes or changes the webhook with this label. What waits for it is due at once: the change may be the repair.
   * @param columnsFor what to write, given what is stored; what it throws is passed on
   * @throws InstanceNotFound, TooManyWebhooks
   */
  upsert(
    instanceId: string,
    label: string,
    columnsFor: (before: WebhookEntity | null) => WebhookColumns,
  ): Promise<WebhookEntity> {
    return this.dataSource.transaction(async (manager) => {
      // Those who change webhooks of one instance at the same time count one after another.
      const instances = await manager.query<unknown[]>(
        `SELECT FROM instances WHERE id = $1 FOR NO KEY UPDATE`,
        [instanceId],
      );
      if (instances.length === 0) throw new InstanceNotFound();
      const before = await manager.findOneBy(WebhookEntity, { instanceId, label });
      const columns = columnsFor(before);
      const enabled = await manager.findBy(WebhookEntity, { instanceId, enabled: true });
      const others = enabled.filter((other) => other.label !== label);
      if (columns.enabled && others.length >= MAX_ENABLED_WEBHOOKS) throw new TooManyWebhooks();
      if (before) {
        await manager.update(WebhookEntity, { id: before.id }, { ...columns, updatedAt: () => 'now()' });
        await manager.query(
          `UPDATE webhook_lanes SET due_at = now() WHERE webhook_id = $1 AND claimed_by IS NULL`,
          [before.id],
        );
      } else {
        await manager.insert(WebhookEntity, { instanceId, label, ...columns });
      }
      return manager.findOneByOrFail(WebhookEntity, { instanceId, label });
    });
  }
}
