import { randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { AccessTokens } from '../accounts/access-tokens.js';
import { TokenReplaced } from '../accounts/token-replaced.event.js';
import { SecretBox } from '../common/crypto/secret-box.js';
import { isForeignKeyViolation } from '../common/database/failed-query.js';
import { EventBus } from '../common/events/event-bus.js';
import type { TenantCaller } from '../common/http/caller.js';
import { FIRST_PAGE, pageOf, type Page } from '../common/http/page-query.js';
import { Log, type LogDetails } from '../common/logging/log.js';
import { InstanceDeleted } from './instance-deleted.event.js';
import type { InstanceIdentity } from './instance-identity.js';
import { SessionCommands } from './session-commands.js';
import { toInstanceRef, type InstanceDraft, type InstanceRef } from './instance-values.js';
import type { InstanceEntity } from './instance.entity.js';
import { InstanceNotFound } from './instances.errors.js';
import { InstancesRepository, type ListedWebhook } from './instances.repository.js';
import { newInstanceRows } from './new-instance-rows.js';

/** An instance with its token, which is told this once. */
export interface InstanceWithToken {
  readonly instance: InstanceEntity;
  readonly token: string;
}

export interface NewInstance extends InstanceWithToken {
  /** The signing secret of the webhook it came with, which is told this once; `null` without an enabled one. */
  readonly webhookSecret: string | null;
}

export interface InstanceListing {
  readonly instance: InstanceEntity;
  /** The first by label. */
  readonly webhooks: readonly ListedWebhook[];
}

export interface InstancePage extends Page<InstanceListing> {
  /** On all pages. */
  readonly total: number;
}

/** The instances of a tenant: made, found, listed and removed. */
@Injectable()
export class InstancesService {
  constructor(
    private readonly repository: InstancesRepository,
    private readonly tokens: AccessTokens,
    private readonly sessions: SessionCommands,
    private readonly secrets: SecretBox,
    private readonly events: EventBus,
    private readonly log: Log,
  ) {}

  /** @throws InstanceNameTaken, InstanceQuotaExceeded, TokenInUse */
  async create(caller: TenantCaller, draft: InstanceDraft): Promise<NewInstance> {
    const { accountId } = caller;
    const id = randomUUID();
    const rows = newInstanceRows(id, accountId, draft, this.secrets);
    const token = await this.repository.create(rows, (transaction) =>
      this.tokens.issueForInstance(
        { accountId, instanceId: id, instanceName: draft.name, own: draft.token },
        transaction,
      ),
    );
    this.log.info('An instance was created', auditOf(caller, { id, accountId, name: draft.name }));
    const instance = await this.repository.getByName(accountId, draft.name);
    return { instance, token, webhookSecret: rows.madeSecret };
  }

  /** The instance of this name, if it is the caller's. */
  async find({ accountId }: TenantCaller, name: string): Promise<InstanceRef | undefined> {
    const instance = await this.repository.findByName(accountId, name);
    return instance ? toInstanceRef(instance) : undefined;
  }

  /** Any instance, whoever's it is: for what this process does by itself. */
  async findById(id: string): Promise<InstanceRef | undefined> {
    const instance = await this.repository.findById(id);
    return instance ? toInstanceRef(instance) : undefined;
  }

  /** @throws InstanceNotFound */
  async require(caller: TenantCaller, name: string): Promise<InstanceRef> {
    return toInstanceRef(await this.repository.getByName(caller.accountId, name));
  }

  /**
   * A page of the caller's instances or of those of the given names, sorted by name. The token of an instance always gets just
   * its own. Names that do not exist are left out, unless only one was asked for, or
   * none at all by an empty list.
   * @throws InstanceNotFound
   */
  async list(caller: TenantCaller, names?: readonly string[], wish = FIRST_PAGE): Promise<InstancePage> {
    const wanted = caller.kind === 'instance' ? [caller.instanceName] : names;
    const found = await this.repository.listOf(caller.accountId, wanted, wish);
    const isAll = wish.after === undefined && found.length <= wish.limit;
    const total = isAll ? found.length : await this.repository.countOf(caller.accountId, wanted);
    if (wanted !== undefined && wanted.length <= 1 && total === 0) throw new InstanceNotFound();
    const { rows, nextCursor } = pageOf(found, wish, ({ name }) => name);
    const webhooks = new Map(rows.map(({ id }) => [id, new Array<ListedWebhook>()]));
    for (const webhook of await this.repository.webhooksOf([...webhooks.keys()])) {
      webhooks.get(webhook.instanceId)?.push(webhook);
    }
    return {
      rows: rows.map((instance) => ({ instance, webhooks: webhooks.get(instance.id) ?? [] })),
      nextCursor,
      total,
    };
  }

  /** A new token for the instance; the earlier one stops working at once. @throws InstanceNotFound */
  async rotateToken(caller: TenantCaller, name: string): Promise<InstanceWithToken> {
    const { accountId } = caller;
    const instance = await this.repository.getByName(accountId, name);
    const target = { accountId, instanceId: instance.id, instanceName: instance.name };
    try {
      const token = await this.tokens.rotateForInstance(target);
      this.log.info('The token of an instance was replaced', auditOf(caller, instance));
      await this.events.publish(new TokenReplaced(accountId, instance.id));
      return { instance, token };
    } catch (error) {
      if (isForeignKeyViolation(error)) throw new InstanceNotFound();
      throw error;
    }
  }

  /** Unlinks the phone and removes the instance with its calls, webhooks and tokens. @throws InstanceNotFound */
  async delete(caller: TenantCaller, name: string): Promise<void> {
    const { accountId } = caller;
    const { id } = await this.repository.getByName(accountId, name);
    await this.sessions.forget(id);
    const deleted = await this.repository.delete(accountId, id);
    this.tokens.invalidateInstance(id);
    if (!deleted) throw new InstanceNotFound();
    this.log.info('An instance was deleted', auditOf(caller, { id, accountId, name }));
    await this.events.publish(new InstanceDeleted({ id, accountId, name }));
  }
}

/** Who changed which instance. */
function auditOf({ kind }: TenantCaller, { id, accountId, name }: InstanceIdentity): LogDetails {
  return { by: kind, accountId, instanceId: id, instance: name };
}
