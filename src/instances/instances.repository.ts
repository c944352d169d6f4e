import { Injectable } from '@nestjs/common';
import { And, DataSource, In, MoreThan, type EntityManager } from 'typeorm';
import { isUniqueViolation } from '../common/database/failed-query.js';
import type { PageWish } from '../common/http/page-query.js';
import { isInstanceName } from './instance-name.js';
import type { InstanceSettings } from './instance-values.js';
import { MAX_WEBHOOKS } from '../webhooks/store/webhook-values.js';
import { InstanceEntity } from './instance.entity.js';
import { InstanceNameTaken, InstanceNotFound, InstanceQuotaExceeded } from './instances.errors.js';
import type { NewInstanceRows } from './new-instance-rows.js';
import type { ProxyColumns } from './proxy-columns.js';
import { WebhookEntity } from '../webhooks/store/webhook.entity.js';

/** What the list of instances shows of a webhook. */
export type ListedWebhook = Pick<
  WebhookEntity,
  'instanceId' | 'label' | 'enabled' | 'url' | 'shownUrl' | 'byEvents' | 'events'
>;

/** The table of instances. A foreign instance is simply not found: the account is part of every question. */
@Injectable()
export class InstancesRepository {
  constructor(private readonly dataSource: DataSource) {}

  /**
   * Writes the rows of a new instance, and what `then` adds in the same transaction, together or not at all.
   * @throws InstanceNameTaken, InstanceQuotaExceeded, InstanceNotFound (the account is gone)
   */
  async create<T>(rows: NewInstanceRows, then: (transaction: EntityManager) => Promise<T>): Promise<T> {
    try {
      return await this.dataSource.transaction(async (manager) => {
        await this.takePlace(manager, rows.instance);
        await manager.insert(InstanceEntity, rows.instance);
        if (rows.webhook) await manager.insert(WebhookEntity, rows.webhook);
        return then(manager);
      });
    } catch (error) {
      if (isUniqueViolation(error, 'instances_account_id_name_key')) throw new InstanceNameTaken();
      throw error;
    }
  }

  findByName(accountId: string, name: string): Promise<InstanceEntity | null> {
    if (!isInstanceName(name)) return Promise.resolve(null);
    return this.instances.findOneBy({ accountId, name });
  }

  findById(id: string): Promise<InstanceEntity | null> {
    return this.instances.findOneBy({ id });
  }

  /** @throws InstanceNotFound */
  async getByName(accountId: string, name: string): Promise<InstanceEntity> {
    const instance = await this.findByName(accountId, name);
    if (!instance) throw new InstanceNotFound();
    return instance;
  }

  /** Instances of the account, or those of the given names, sorted by name: one page and one row more, if there is one. */
  listOf(
    accountId: string,
    names: readonly string[] | undefined,
    { limit, after }: PageWish,
  ): Promise<InstanceEntity[]> {
    const named = names && anyOf(names);
    const behind = after === undefined ? undefined : MoreThan(after);
    const name = named && behind ? And(named, behind) : (named ?? behind);
    return this.instances.find({
      where: { accountId, ...(name && { name }) },
      order: { name: 'ASC' },
      take: limit + 1,
    });
  }

  countOf(accountId: string, names: readonly string[] | undefined): Promise<number> {
    return this.instances.countBy({ accountId, ...(names && { name: anyOf(names) }) });
  }

  /** Webhooks of many instances at once, of each the first by label, sorted by it. */
  webhooksOf(instanceIds: readonly string[]): Promise<ListedWebhook[]> {
    if (instanceIds.length === 0) return Promise.resolve([]);
    return this.dataSource.query<ListedWebhook[]>(
      `SELECT listed.id AS "instanceId", first.label, first.enabled, first.url, first.shown_url AS "shownUrl",
         first.by_events AS "byEvents", first.events
       FROM unnest($1::uuid[]) AS listed (id)
       CROSS JOIN LATERAL (
         SELECT * FROM webhooks WHERE instance_id = listed.id ORDER BY label LIMIT $2
       ) first
       ORDER BY listed.id, first.label`,
      [instanceIds, MAX_WEBHOOKS],
    );
  }

  async updateSettings(accountId: string, id: string, settings: Partial<InstanceSettings>): Promise<void> {
    await this.instances.update({ accountId, id }, { ...settings, updatedAt: () => 'now()' });
  }

  async updateProxy(accountId: string, id: string, proxy: ProxyColumns): Promise<void> {
    await this.instances.update({ accountId, id }, { ...proxy, updatedAt: () => 'now()' });
  }

  /** Deletes the instance with everything that belongs to it. False when another request was faster. */
  async delete(accountId: string, id: string): Promise<boolean> {
    return this.dataSource.transaction(async (manager) => {
      // Whoever writes for the instance locks the row of its owner first, so that the two do not wait for each other.
      await manager.query('SELECT FROM session_owners WHERE instance_id = $1 FOR UPDATE', [id]);
      const { affected } = await manager.delete(InstanceEntity, { accountId, id });
      return affected === 1;
    });
  }

  /**
   * Claims a place in the account's quota. The lock on the account's row makes those who create at the same time
   * count one after another; NO KEY, so that rows that merely refer to the account are not held up.
   */
  private async takePlace(
    manager: EntityManager,
    { accountId, name }: { accountId: string; name: string },
  ): Promise<void> {
    const [account] = await manager.query<{ instance_limit: number | null }[]>(
      `SELECT instance_limit FROM accounts WHERE id = $1 FOR NO KEY UPDATE`,
      [accountId],
    );
    if (!account) throw new InstanceNotFound();
    if (await manager.existsBy(InstanceEntity, { accountId, name })) throw new InstanceNameTaken();
    const limit = account.instance_limit;
    if (limit !== null && (await manager.countBy(InstanceEntity, { accountId })) >= limit) {
      throw new InstanceQuotaExceeded();
    }
  }

  private get instances() {
    return this.dataSource.getRepository(InstanceEntity);
  }
}

/** What can be no name need not be looked up. */
function anyOf(names: readonly string[]) {
  return In(names.filter(isInstanceName));
}
