import { Injectable } from '@nestjs/common';
import { EventBus } from '../common/events/event-bus.js';
import { pageOf, type Page, type PageWish } from '../common/http/page-query.js';
import { Log, type LogDetails } from '../common/logging/log.js';
import { AccessTokens } from './access-tokens.js';
import { AccountDeleting } from './account-deleting.event.js';
import { AccountDisabled } from './account-disabled.event.js';
import { AccountEnabled } from './account-enabled.event.js';
import { ACCOUNT_NAME_PATTERN, looksLikeAccountId } from './account-name.js';
import type { AccountEntity } from './account.entity.js';
import { AccountNotFound } from './accounts.errors.js';
import { AccountsRepository, type AccountChanges, type NewAccount } from './accounts.repository.js';
import { TokenReplaced } from './token-replaced.event.js';

const DEFAULT_ACCOUNT_NAME = 'default';

/** An account with its token, which is told this once. */
export interface AccountWithToken {
  readonly account: AccountEntity;
  readonly token: string;
}

export interface AccountPage extends Page<AccountEntity> {
  /** On all pages. */
  readonly total: number;
}

/** The tenants of the installation. An account is given by its name or its id. */
@Injectable()
export class AccountsService {
  constructor(
    private readonly repository: AccountsRepository,
    private readonly tokens: AccessTokens,
    private readonly events: EventBus,
    private readonly log: Log,
  ) {}

  /** @throws AccountNameTaken */
  async create(account: NewAccount): Promise<AccountWithToken> {
    const made = await this.repository.create(account, async (created, manager) => ({
      account: created,
      token: await this.tokens.issueForAccount(created.id, manager),
    }));
    const { instanceLimit, rateLimitPerMinute } = made.account;
    this.log.info('An account was created', { ...auditOf(made.account), instanceLimit, rateLimitPerMinute });
    return made;
  }

  /** Makes the account `default` when there is no account yet, and returns its token; else `undefined`. */
  createFirst(): Promise<string | undefined> {
    return this.repository.createFirst(DEFAULT_ACCOUNT_NAME, (created, manager) =>
      this.tokens.issueForAccount(created.id, manager),
    );
  }

  /** A page of all accounts, sorted by name. */
  async list(wish: PageWish): Promise<AccountPage> {
    const found = await this.repository.list(wish);
    const isAll = wish.after === undefined && found.length <= wish.limit;
    const total = isAll ? found.length : await this.repository.count();
    return { ...pageOf(found, wish, ({ name }) => name), total };
  }

  /** A new token for the account; the earlier one stops working at once. @throws AccountNotFound */
  async rotateToken(nameOrId: string): Promise<AccountWithToken> {
    const account = await this.require(nameOrId);
    const token = await this.tokens.issueForAccount(account.id);
    this.log.info('The token of an account was replaced', auditOf(account));
    await this.events.publish(new TokenReplaced(account.id, null));
    return { account, token };
  }

  /** @throws AccountNotFound */
  async update(nameOrId: string, changes: AccountChanges): Promise<AccountEntity> {
    const before = await this.require(nameOrId);
    await this.repository.update(before.id, changes);
    this.tokens.invalidateAccount(before.id);
    const changed = changedFields(before, changes);
    if (changed) this.log.info('An account was changed', { ...auditOf(before), changed });
    if (before.enabled && changes.enabled === false)
      await this.events.publish(new AccountDisabled(before.id));
    if (!before.enabled && changes.enabled === true) await this.events.publish(new AccountEnabled(before.id));
    return this.require(before.id);
  }

  /**
   * Deletes the account and everything of it. Its tokens are refused first, so that nothing new begins while its
   * sessions are closed. @throws AccountNotFound
   */
  async delete(nameOrId: string): Promise<void> {
    const account = await this.require(nameOrId);
    await this.repository.update(account.id, { enabled: false });
    this.tokens.invalidateAccount(account.id);
    await this.events.publish(new AccountDeleting(account.id));
    await this.repository.delete(account.id);
    this.log.info('An account was deleted', auditOf(account));
  }

  private async require(nameOrId: string): Promise<AccountEntity> {
    const account = await this.find(nameOrId);
    if (!account) throw new AccountNotFound();
    return account;
  }

  private async find(nameOrId: string): Promise<AccountEntity | null> {
    if (looksLikeAccountId(nameOrId)) return this.repository.find({ id: nameOrId });
    return ACCOUNT_NAME_PATTERN.test(nameOrId) ? this.repository.find({ name: nameOrId }) : null;
  }
}

/** Which account was changed. The routes of accounts are for the administrator alone. */
function auditOf({ id, name }: AccountEntity): LogDetails {
  return { by: 'admin', accountId: id, account: name };
}

/** `undefined`: all that was asked for was so before. */
function changedFields(before: AccountEntity, changes: AccountChanges): LogDetails | undefined {
  const fields = ['instanceLimit', 'rateLimitPerMinute', 'enabled'] as const;
  const changed = fields.filter((field) => changes[field] !== undefined && changes[field] !== before[field]);
  if (changed.length === 0) return undefined;
  return Object.fromEntries(changed.map((field) => [field, { from: before[field], to: changes[field] }]));
}
