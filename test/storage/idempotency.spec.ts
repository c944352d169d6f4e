import { randomUUID } from 'node:crypto';
import type { DataSource } from 'typeorm';
import { IdempotencyRepository } from '../../src/calls/idempotency/idempotency.repository.js';
import { IdempotentRequests } from '../../src/calls/idempotency/idempotent-requests.js';
import { ManualClock } from '../support/manual-clock.js';
import { SilentLog } from '../support/silent-log.js';
import { CallsStage, later, start } from './calls-stage.js';
import { openTestDatabase } from './instances-stage.js';

let dataSource: DataSource;
let keys: IdempotencyRepository;
let stage: CallsStage;
let instanceId: string;

beforeAll(async () => {
  dataSource = await openTestDatabase();
  keys = new IdempotencyRepository(dataSource);
});

beforeEach(async () => {
  stage = await CallsStage.on(dataSource);
  ({ instanceId } = stage);
});

afterAll(() => dataSource.destroy());

describe('idempotency keys', () => {
  const clock = new ManualClock();
  const fingerprint = Buffer.alloc(32, 1);

  it('let one of twenty requests through that come at once', async () => {
    const requests = new IdempotentRequests(keys, clock, new SilentLog());
    const key = { instanceId, key: 'k' };
    const claims = await Promise.allSettled(
      Array.from({ length: 20 }, () => requests.claim(key, fingerprint)),
    );
    expect(claims.filter(({ status }) => status === 'fulfilled')).toEqual([
      { status: 'fulfilled', value: undefined },
    ]);
    const answer = { type: 'placed', callId: '00', number: '1', durationSeconds: 8 } as const;
    await requests.complete(key, answer);
    await expect(requests.claim(key, fingerprint)).resolves.toEqual(answer);
    await expect(requests.claim(key, Buffer.alloc(32, 2))).rejects.toThrow('different request');
  });

  it('belong to one instance', async () => {
    const now = clock.now();
    const claim = { fingerprint, now, expiredBefore: new Date(now.getTime() - 1) };
    await expect(keys.claim({ instanceId, key: 'k' }, claim)).resolves.toBe(true);
    await expect(keys.claim({ instanceId, key: 'k' }, claim)).resolves.toBe(false);
    await expect(keys.claim({ instanceId: await stage.newInstance(), key: 'k' }, claim)).resolves.toBe(true);
  });

  it('can be used anew when they are expired, and are deleted', async () => {
    const key = { instanceId, key: 'old' };
    const request = { fingerprint, now: start, expiredBefore: start };
    await keys.claim(key, request);
    await keys.complete(key, { type: 'placed', callId: '00', number: '1', durationSeconds: 8 });
    await expect(keys.claim(key, { ...request, now: later(2), expiredBefore: later(1) })).resolves.toBe(true);
    await expect(keys.find(key)).resolves.toMatchObject({ answer: null });
    await keys.deleteExpired(later(3));
    await expect(keys.find(key)).resolves.toBeUndefined();
  });

  it('are deleted without waiting for a process that is deleting them too', async () => {
    const expired = { fingerprint, now: start, expiredBefore: start };
    for (const key of ['held', 'free']) await keys.claim({ instanceId, key }, expired);
    await dataSource.transaction(async (other) => {
      await other.query(`SELECT FROM idempotency_keys WHERE key = 'held' FOR UPDATE`);
      await keys.deleteExpired(later(3));
      await expect(keys.find({ instanceId, key: 'free' })).resolves.toBeUndefined();
    });
    await keys.deleteExpired(later(3));
    await expect(keys.find({ instanceId, key: 'held' })).resolves.toBeUndefined();
  });

  it('know after a crash which call they made, if its offer may have left', async () => {
    const requests = new IdempotentRequests(keys, clock, new SilentLog());
    const claim = { fingerprint, now: clock.now(), expiredBefore: start };
    for (const key of ['left', 'preparing', 'given up']) await keys.claim({ instanceId, key }, claim);
    const left = await stage.placed({ idempotencyKey: 'left' });
    await stage.calls.change(left, { state: 'calling', acceptedAt: later(1) });
    const { number, durationSeconds, requestedAt } = stage.newCall();
    const failure = { outcome: 'unreachable', failureCode: null, failureReason: 'no device' } as const;
    const givenUp = { instanceId, number, durationSeconds, requestedAt, ...failure, endedAt: later(1) };
    await stage.calls.addUnplaced(givenUp, 'given up');
    await requests.takeOver([instanceId], later(60));
    await expect(keys.find({ instanceId, key: 'left' })).resolves.toMatchObject({
      answer: { type: 'placed', callId: left.callId },
    });
    for (const key of ['preparing', 'given up'])
      await expect(keys.find({ instanceId, key })).resolves.toBeUndefined();
  });

  it('go with their instance', async () => {
    const key = { instanceId, key: randomUUID() };
    await keys.claim(key, { fingerprint, now: start, expiredBefore: start });
    await dataSource.query(`DELETE FROM instances WHERE id = $1`, [instanceId]);
    await expect(keys.find(key)).resolves.toBeUndefined();
  });
});
