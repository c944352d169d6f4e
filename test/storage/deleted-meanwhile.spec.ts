import { randomUUID } from 'node:crypto';
import { AccessTokens } from '../../src/accounts/access-tokens.js';
import { AccessTokensRepository } from '../../src/accounts/access-tokens.repository.js';
import { AccountNotFound } from '../../src/accounts/accounts.errors.js';
import { CallInstanceNotFound } from '../../src/calls/errors.js';
import { IdempotencyRepository } from '../../src/calls/idempotency/idempotency.repository.js';
import { isForeignKeyViolation } from '../../src/common/database/failed-query.js';
import { ManualClock } from '../support/manual-clock.js';
import { SessionStoreStage } from './session-store-stage.js';

/** A request looks its account or instance up first; both may be gone when it writes. */
describe('what was deleted a moment before', () => {
  let stage: SessionStoreStage;

  beforeAll(async () => {
    stage = await SessionStoreStage.open();
  });

  afterAll(() => stage.close());

  it('is not found when an account gets a new token', async () => {
    const tokens = new AccessTokens(new AccessTokensRepository(stage.database), new ManualClock());
    await expect(tokens.issueForAccount(randomUUID())).rejects.toThrow(AccountNotFound);
  });

  it('is known as such when an instance gets a new token', async () => {
    const target = { accountId: randomUUID(), instanceId: randomUUID(), instanceName: 'shop' };
    const rejected = new AccessTokensRepository(stage.database).putForInstance(Buffer.alloc(32), target);
    await expect(rejected.catch(isForeignKeyViolation)).resolves.toBe(true);
  });

  it('is not found when a request claims its idempotency key', async () => {
    const now = new Date();
    const claim = new IdempotencyRepository(stage.database).claim(
      { instanceId: randomUUID(), key: 'order-1' },
      { fingerprint: Buffer.alloc(32), now, expiredBefore: now },
    );
    await expect(claim).rejects.toThrow(CallInstanceNotFound);
  });
});
