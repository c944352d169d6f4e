import { Injectable } from '@nestjs/common';
import { DataSource, MoreThan, type EntityManager, type FindOptionsWhere } from 'typeorm';
import { isUniqueViolation } from '../common/database/failed-query.js';
import type { PageWish } from '../common/http/page-query.js';
import { AccountEntity } from './account.entity.js';
import { AccountNameTaken } from './accounts.errors.js';

/** What can be changed about an account; what is left out stays. */
export interface AccountChanges {
  readonly instanceLimit?: number | null;
  readonly rateLimitPerMinute?: number | null;
  readonly enabled?: boolean;
}

export interface NewAccount {
  readonly name: string;
  readonly instanceLimit: number | null;
  readonly rateLimitPerMinute: number | null;
}

/** Runs in the transaction that makes an account, so that no account is ever without a token. */
type WithNewAccount<T> = (account: AccountEntity, transaction: EntityManager) => Promise<T>;

/** The table of accounts. */
@Injectable()
export class AccountsRepository {
  constructor(private readonly dataSource: DataSource) {}

  /** @throws AccountNameTaken */
  async create<T>(account: NewAccount, then: WithNewAccount<T>): Promise<T> {
    try {
      return await this.dataSource.transaction(async (manager) => {
        const { name, instanceLimit, rateLimitPerMinute } = account;
        const values = { name, instanceLimit, rateLimitPerMinute };
        const { identifiers } = await manager.insert(AccountEntity, values);
        return then(await manager.findOneByOrFail(AccountEntity, identifiers), manager);
      });
    } catch (error) {
      if (isUniqueViolation(error, 'accounts_name_key')) throw new AccountNameTaken();
      throw error;
    }
  }

  /** Makes an account only if there is none at all; of several processes that try at once, one succeeds. */
  createFirst<T>(name: string, then: WithNewAccount<T>): Promise<T | undefined> {
    return this.dataSource.transaction(async (manager) => {
      const created = await manager.query<{ id: string }[]>(
        `INSERT INTO accounts (name) SELECT $1 WHERE NOT EXISTS (SELECT FROM accounts)
         ON CONFLICT (name) DO NOTHING RETURNING id`,
        [name],
      );
      const [account] = created;
      return account && then(await manager.findOneByOrFail(AccountEntity, { id: account.id }), manager);
    });
  }

  /** Sorted by name: one page and one row more, if there is one. */
  list({ limit, after }: PageWish): Promise<AccountEntity[]> {
    return this.dataSource.getRepository(AccountEntity).find({
      ...(after !== undefined && { where: { name: MoreThan(after) } }),
      order: { name: 'ASC' },
      take: limit + 1,
    });
  }

  count(): Promise<number> {
    return this.dataSource.getRepository(AccountEntity).count();
  }

  find(key: FindOptionsWhere<Pick<AccountEntity, 'id' | 'name'>>): Promise<AccountEntity | null> {
    return this.dataSource.getRepository(AccountEntity).findOneBy(key);
  }

  async update(id: string, changes: AccountChanges): Promise<void> {
    await this.dataSource
      .getRepository(AccountEntity)
      .update({ id }, { ...changes, updatedAt: () => 'now()' });
  }

  async delete(id: string): Promise<void> {
    await this.dataSource.getRepository(AccountEntity).delete({ id });
  }
}
