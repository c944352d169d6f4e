import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import type { TenantCaller } from '../common/http/caller.js';
import { AccessTokenEntity } from './access-token.entity.js';
import { AccountEntity } from './account.entity.js';

interface InstanceOfToken {
  readonly accountId: string;
  readonly instanceId: string;
  readonly instanceName: string;
}

interface TokenRow extends Pick<AccessTokenEntity, 'accountId' | 'instanceId' | 'instanceName'> {
  readonly rateLimitPerMinute: number | null;
}

/** The table of token hashes. */
@Injectable()
export class AccessTokensRepository {
  constructor(private readonly dataSource: DataSource) {}

  /** Whom a token of an enabled account belongs to. */
  async find(tokenHash: Buffer): Promise<TenantCaller | undefined> {
    const row = await this.dataSource
      .getRepository(AccessTokenEntity)
      .createQueryBuilder('token')
      .innerJoin(AccountEntity, 'account', 'account.id = token.accountId AND account.enabled')
      .where('token.tokenHash = :tokenHash', { tokenHash })
      .select('token.accountId', 'accountId')
      .addSelect('token.instanceId', 'instanceId')
      .addSelect('token.instanceName', 'instanceName')
      .addSelect('account.rateLimitPerMinute', 'rateLimitPerMinute')
      .getRawOne<TokenRow>();
    if (!row) return undefined;
    const { accountId, instanceId, instanceName, rateLimitPerMinute } = row;
    const ofAccount = { accountId, ...(rateLimitPerMinute !== null && { rateLimitPerMinute }) };
    return instanceId !== null && instanceName !== null
      ? { kind: 'instance', ...ofAccount, instanceId, instanceName }
      : { kind: 'account', ...ofAccount };
  }

  async insertForInstance(
    tokenHash: Buffer,
    instance: InstanceOfToken,
    manager: EntityManager = this.dataSource.manager,
  ): Promise<void> {
    await manager.query(
      `INSERT INTO access_tokens (token_hash, account_id, instance_id, instance_name) VALUES ($1, $2, $3, $4)`,
      [tokenHash, instance.accountId, instance.instanceId, instance.instanceName],
    );
  }

  /** Replaces the token of the instance, if it has one. */
  async putForInstance(tokenHash: Buffer, instance: InstanceOfToken): Promise<void> {
    await this.dataSource.query(
      `INSERT INTO access_tokens (token_hash, account_id, instance_id, instance_name) VALUES ($1, $2, $3, $4)
       ON CONFLICT (instance_id) DO UPDATE SET token_hash = excluded.token_hash, created_at = now()`,
      [tokenHash, instance.accountId, instance.instanceId, instance.instanceName],
    );
  }

  /** Replaces the token of the account, if it has one. */
  async putForAccount(
    tokenHash: Buffer,
    accountId: string,
    manager: EntityManager = this.dataSource.manager,
  ): Promise<void> {
    await manager.query(
      `INSERT INTO access_tokens (token_hash, account_id) VALUES ($1, $2)
       ON CONFLICT (account_id) WHERE instance_id IS NULL
       DO UPDATE SET token_hash = excluded.token_hash, created_at = now()`,
      [tokenHash, accountId],
    );
  }
}
