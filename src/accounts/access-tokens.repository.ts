import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import type { TenantCaller } from '../common/http/caller.js';
import { prepared } from '../common/database/prepared-statements.js';
import type { AccessTokenEntity } from './access-token.entity.js';

interface InstanceOfToken {
  readonly accountId: string;
  readonly instanceId: string;
  readonly instanceName: string;
}

interface TokenRow extends Pick<
  AccessTokenEntity,
  'tokenHash' | 'accountId' | 'instanceId' | 'instanceName'
> {
  readonly rateLimitPerMinute: number | null;
}

const FIND = prepared(`
  SELECT tokens.token_hash AS "tokenHash", tokens.account_id AS "accountId", tokens.instance_id AS "instanceId",
    tokens.instance_name AS "instanceName", accounts.rate_limit_per_minute AS "rateLimitPerMinute"
  FROM access_tokens AS tokens JOIN accounts ON accounts.id = tokens.account_id AND accounts.enabled
  WHERE tokens.token_hash = ANY ($1::bytea[])`);

/** The table of token hashes. */
@Injectable()
export class AccessTokensRepository {
  constructor(private readonly dataSource: DataSource) {}

  /** Whom tokens of enabled accounts belong to; one for each hash, in their order. */
  async find(tokenHashes: readonly Buffer[]): Promise<(TenantCaller | undefined)[]> {
    const rows = await this.dataSource.query<TokenRow[]>(FIND, [tokenHashes]);
    const callers = new Map(rows.map((row) => [row.tokenHash.toString('base64'), callerOf(row)]));
    return tokenHashes.map((hash) => callers.get(hash.toString('base64')));
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

function callerOf({ accountId, instanceId, instanceName, rateLimitPerMinute }: TokenRow): TenantCaller {
  const ofAccount = { accountId, ...(rateLimitPerMinute !== null && { rateLimitPerMinute }) };
  return instanceId !== null && instanceName !== null
    ? { kind: 'instance', ...ofAccount, instanceId, instanceName }
    : { kind: 'account', ...ofAccount };
}
