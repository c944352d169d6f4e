import type { EntityManager } from 'typeorm';
import { AccessTokens, type ResolvedToken, type TokenTarget } from '../../../src/accounts/access-tokens.js';
import type { AccessTokensRepository } from '../../../src/accounts/access-tokens.repository.js';
import { ManualClock } from '../../support/manual-clock.js';

type Rows = Pick<AccessTokensRepository, keyof AccessTokensRepository>;

/** The table of tokens in memory; it counts how often it is asked. */
class TokensInMemory implements Rows {
  readonly rows = new Map<string, ResolvedToken>();
  readonly disabled = new Set<string>();
  asked = 0;
  /** Lets a look-up wait after it has read its row. */
  afterRead: () => Promise<void> = () => Promise.resolve();

  async find(hashes: readonly Buffer[]): Promise<(ResolvedToken | undefined)[]> {
    this.asked += 1;
    const found = hashes.map((hash) => this.rows.get(hash.toString('hex')));
    await this.afterRead();
    return found.map((row) => (row && !this.disabled.has(row.accountId) ? row : undefined));
  }

  insertForInstance(hash: Buffer, target: TokenTarget, _manager?: EntityManager): Promise<void> {
    return this.putForInstance(hash, target);
  }

  putForInstance(hash: Buffer, { accountId, instanceId, instanceName }: TokenTarget): Promise<void> {
    this.drop((row) => row.kind === 'instance' && row.instanceId === instanceId);
    this.rows.set(hash.toString('hex'), { kind: 'instance', accountId, instanceId, instanceName });
    return Promise.resolve();
  }

  putForAccount(hash: Buffer, accountId: string, _manager?: EntityManager): Promise<void> {
    this.drop((row) => row.kind === 'account' && row.accountId === accountId);
    this.rows.set(hash.toString('hex'), { kind: 'account', accountId });
    return Promise.resolve();
  }

  private drop(matches: (row: ResolvedToken) => boolean): void {
    for (const [key, row] of this.rows) if (matches(row)) this.rows.delete(key);
  }
}

const shop: TokenTarget = { accountId: 'a1', instanceId: 'i1', instanceName: 'shop' };

describe('recognising tokens', () => {
  let table: TokensInMemory;
  let clock: ManualClock;
  let tokens: AccessTokens;

  beforeEach(() => {
    table = new TokensInMemory();
    clock = new ManualClock();
    tokens = new AccessTokens(table as unknown as AccessTokensRepository, clock);
  });

  it('knows whom a token belongs to', async () => {
    const account = await tokens.issueForAccount('a1');
    const instance = await tokens.issueForInstance(shop);
    expect(await tokens.resolve(account)).toEqual({ kind: 'account', accountId: 'a1' });
    expect(await tokens.resolve(instance)).toEqual({ kind: 'instance', ...shop });
    expect(await tokens.resolve('rda_unknown')).toBeUndefined();
  });

  it('takes a token that the owner of the instance chose', async () => {
    const own = 'my-own-token-with-more-than-32-characters';
    expect(await tokens.issueForInstance({ ...shop, own })).toBe(own);
    expect(await tokens.resolve(own)).toMatchObject({ instanceId: 'i1' });
  });

  it('asks the database once a second at most', async () => {
    const token = await tokens.issueForAccount('a1');
    for (let count = 0; count < 5; count += 1) await tokens.resolve(token);
    expect(table.asked).toBe(1);
    await clock.advance(1001);
    await tokens.resolve(token);
    expect(table.asked).toBe(2);
  });

  it('asks once for all tokens in use while they are looked up again in time', async () => {
    const used = [
      await tokens.issueForAccount('a1'),
      await tokens.issueForInstance({ ...shop, accountId: 'a2' }),
    ];
    const all = () => Promise.all(used.map((token) => tokens.resolve(token)));
    await all();
    for (let second = 0; second < 3; second += 1) {
      await clock.advance(900);
      await tokens.renew();
      expect(await all()).toMatchObject([{ accountId: 'a1' }, { accountId: 'a2' }]);
    }
    expect(table.asked).toBe(2 + 3);
  });

  it('does not look up again what nobody has used for a minute, or what is revoked', async () => {
    const [one, two] = [await tokens.issueForAccount('a1'), await tokens.issueForAccount('a2')];
    await tokens.resolve(one);
    await tokens.resolve(two);
    table.disabled.add('a2');
    await tokens.renew();
    expect(table.asked).toBe(3);
    expect(await tokens.resolve(two)).toBeUndefined();
    for (let ms = 0; ms < 60_000; ms += 500) {
      await clock.advance(500);
      await tokens.renew();
    }
    const { asked } = table;
    await tokens.renew();
    expect(table.asked).toBe(asked);
    await clock.advance(1_000);
    expect(await tokens.resolve(one)).toMatchObject({ accountId: 'a1' });
    expect(table.asked).toBe(asked + 1);
  });

  it('does not remember what was looked up again before a token was replaced', async () => {
    const former = await tokens.issueForAccount('a1');
    await tokens.resolve(former);
    table.afterRead = async () => {
      table.afterRead = () => Promise.resolve();
      await tokens.issueForAccount('a1');
    };
    await tokens.renew();
    expect(await tokens.resolve(former)).toBeUndefined();
  });

  it('notices within a second that another process disabled the account', async () => {
    const token = await tokens.issueForAccount('a1');
    await tokens.resolve(token);
    table.disabled.add('a1');
    await clock.advance(1001);
    expect(await tokens.resolve(token)).toBeUndefined();
  });

  it('notices it within a second even when looking the token up was slow', async () => {
    const token = await tokens.issueForAccount('a1');
    table.afterRead = () => clock.advance(900);
    expect(await tokens.resolve(token)).toBeDefined();
    table.disabled.add('a1');
    await clock.advance(101);
    expect(await tokens.resolve(token)).toBeUndefined();
  });

  it('does not remember unknown tokens', async () => {
    await tokens.resolve('rda_unknown');
    await tokens.resolve('rda_unknown');
    expect(table.asked).toBe(2);
  });

  it('refuses an old token at once after a new one was issued', async () => {
    const [account, instance] = [await tokens.issueForAccount('a1'), await tokens.issueForInstance(shop)];
    await tokens.resolve(account);
    await tokens.resolve(instance);
    await tokens.issueForAccount('a1');
    await tokens.rotateForInstance(shop);
    expect(await tokens.resolve(account)).toBeUndefined();
    expect(await tokens.resolve(instance)).toBeUndefined();
  });

  it('refuses every token of an account at once when it is told to', async () => {
    const token = await tokens.issueForInstance(shop);
    await tokens.resolve(token);
    table.disabled.add('a1');
    tokens.invalidateAccount('a1');
    expect(await tokens.resolve(token)).toBeUndefined();
  });

  it('forgets the token of one instance and keeps the others', async () => {
    const token = await tokens.issueForInstance(shop);
    const other = await tokens.issueForInstance({ ...shop, instanceId: 'i2', instanceName: 'b' });
    await tokens.resolve(token);
    await tokens.resolve(other);
    tokens.invalidateInstance('i1');
    await tokens.resolve(token);
    await tokens.resolve(other);
    expect(table.asked).toBe(3);
  });

  it('does not remember a look-up that began before the token was revoked', async () => {
    const token = await tokens.issueForInstance(shop);
    let goOn = (): void => undefined;
    table.afterRead = () => new Promise((resolve) => (goOn = resolve));
    const early = tokens.resolve(token);
    await clock.advance(0);
    await tokens.rotateForInstance(shop);
    table.afterRead = () => Promise.resolve();
    goOn();
    await early;
    expect(await tokens.resolve(token)).toBeUndefined();
  });
});
