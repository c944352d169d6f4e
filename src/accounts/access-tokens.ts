import { Injectable } from '@nestjs/common';
import { LRUCache } from 'lru-cache';
import type { EntityManager } from 'typeorm';
import { ApplicationPoller } from '../common/async/poller.js';
import { isForeignKeyViolation, isUniqueViolation } from '../common/database/failed-query.js';
import type { TenantCaller } from '../common/http/caller.js';
import { Log } from '../common/logging/log.js';
import { Clock } from '../common/time/clock.js';
import { hashAccessToken, makeAccessToken } from './access-token.js';
import { AccessTokensRepository } from './access-tokens.repository.js';
import { AccountNotFound, TokenInUse } from './accounts.errors.js';

/** What a token opens. */
export type ResolvedToken = TenantCaller;

/** The instance that a token is for. */
export interface TokenTarget {
  readonly accountId: string;
  readonly instanceId: string;
  readonly instanceName: string;
}

/** Another process may revoke a token: this is how long this process may not notice. */
const CACHE_TTL_MS = 1000;
const CACHE_ENTRIES = 10_000;
/** Tokens that were used lately are looked up again, all in one statement, before what is known of them is too old. */
const RENEW_EVERY_MS = 600;
const USED_LATELY_MS = 60_000;
const MAX_RENEWED = 1000;

interface KnownToken {
  readonly caller: ResolvedToken;
  usedAtMs: number;
}

/** Gives tokens out and recognises them. A token leaves this class once; what stays is its hash. */
@Injectable()
export class AccessTokens {
  private readonly cache: LRUCache<string, KnownToken>;
  /** Moves on with each revocation, so that a look-up that began before it is not remembered after it. */
  private generation = 0;

  constructor(
    private readonly repository: AccessTokensRepository,
    private readonly clock: Clock,
  ) {
    this.cache = new LRUCache({
      max: CACHE_ENTRIES,
      ttl: CACHE_TTL_MS,
      ttlResolution: 0,
      perf: { now: () => clock.monotonicMs() },
    });
  }

  /**
   * A new token for the whole account, in place of its earlier one. With `manager`: part of that transaction.
   * @throws AccountNotFound
   */
  async issueForAccount(accountId: string, manager?: EntityManager): Promise<string> {
    const token = makeAccessToken('account');
    try {
      await this.repository.putForAccount(hashAccessToken(token), accountId, manager);
    } catch (error) {
      if (isForeignKeyViolation(error)) throw new AccountNotFound();
      throw error;
    }
    this.invalidateAccount(accountId);
    return token;
  }

  /**
   * The first token of an instance: a new one, or `own`, which its owner chose. With `manager`: part of that
   * transaction.
   * @throws TokenInUse
   */
  async issueForInstance(target: TokenTarget & { own?: string }, manager?: EntityManager): Promise<string> {
    const token = target.own ?? makeAccessToken('instance');
    try {
      await this.repository.insertForInstance(hashAccessToken(token), target, manager);
    } catch (error) {
      if (isUniqueViolation(error, 'access_tokens_pkey')) throw new TokenInUse();
      throw error;
    }
    return token;
  }

  /** A new token for an instance; the earlier one stops working at once. */
  async rotateForInstance(target: TokenTarget): Promise<string> {
    const token = makeAccessToken('instance');
    await this.repository.putForInstance(hashAccessToken(token), target);
    this.invalidateInstance(target.instanceId);
    return token;
  }

  /** Whom a token belongs to; `undefined` for an unknown token and for the tokens of a disabled account. */
  async resolve(token: string): Promise<ResolvedToken | undefined> {
    const hash = hashAccessToken(token);
    const cacheKey = hash.toString('base64');
    const known = this.cache.get(cacheKey);
    // What is found was true when the look-up began, at the latest: a slow one must not make a revoked token live longer.
    const start = this.clock.monotonicMs();
    if (known) {
      known.usedAtMs = start;
      return known.caller;
    }
    const { generation } = this;
    const [caller] = await this.repository.find([hash]);
    // Unknown tokens are not remembered: strangers could fill the cache with them.
    if (caller && generation === this.generation)
      this.cache.set(cacheKey, { caller, usedAtMs: start }, { start });
    return caller;
  }

  /** Looks up the tokens that were used lately, so that the next request with one of them need not. */
  async renew(): Promise<void> {
    const start = this.clock.monotonicMs();
    const used = [...this.cache.entries()]
      .filter(([, { usedAtMs }]) => usedAtMs > start - USED_LATELY_MS)
      .slice(0, MAX_RENEWED);
    if (used.length === 0) return;
    const { generation } = this;
    const found = await this.repository.find(used.map(([key]) => Buffer.from(key, 'base64')));
    if (generation !== this.generation) return;
    for (const [index, [key, { usedAtMs }]] of used.entries()) {
      const caller = found[index];
      if (caller) this.cache.set(key, { caller, usedAtMs }, { start });
      else this.cache.delete(key);
    }
  }

  /** Forgets what is known about the token of a deleted instance. */
  invalidateInstance(instanceId: string): void {
    this.forget((caller) => caller.kind === 'instance' && caller.instanceId === instanceId);
  }

  /** Forgets what is known about all tokens of an account. */
  invalidateAccount(accountId: string): void {
    this.forget((caller) => caller.accountId === accountId);
  }

  private forget(matches: (caller: ResolvedToken) => boolean): void {
    this.generation += 1;
    for (const [key, { caller }] of this.cache.entries()) if (matches(caller)) this.cache.delete(key);
  }
}

/** Keeps what is known about tokens in use fresh. Nobody waits for it: a token that is too old is looked up by its request. */
@Injectable()
export class AccessTokenRenewal extends ApplicationPoller {
  constructor(
    clock: Clock,
    private readonly tokens: AccessTokens,
    log: Log,
  ) {
    super(clock, log, {
      everyMs: RENEW_EVERY_MS,
      failure: 'Tokens in use could not be looked up again',
    });
  }

  protected override round(): Promise<void> {
    return this.tokens.renew();
  }
}
