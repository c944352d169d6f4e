import { randomUUID } from 'node:crypto';
import type { DataSource } from 'typeorm';
import { IdempotencyRepository } from '../../src/calls/idempotency.repository.js';
import { IdempotentRequests } from '../../src/calls/idempotent-requests.js';
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
    let runs = 0;
    const place = async (link: (id: string) => Promise<void>) => {
      runs++;
      await link((await stage.placed()).id);
      return { callId: '00', number: '1', durationSeconds: 8 };
    };
    const results = await Promise.allSettled(
      Array.from({ length: 20 }, () => requests.run(key, fingerprint, place)),
    );
    expect(runs).toBe(1);
    const fulfilled = results.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
    expect(fulfilled.filter(({ replayed }) => !replayed)).toHaveLength(1);
    await expect(requests.run(key, fingerprint, place)).resolves.toEqual({
      callId: '00',
      number: '1',
      durationSeconds: 8,
      replayed: true,
    });
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
    const left = await stage.placed();
    await stage.calls.change(left, { state: 'calling', acceptedAt: later(1) });
    const preparing = await stage.admitted();
    for (const [name, call] of [
      ['left', left],
      ['preparing', preparing],
    ] as const) {
      await keys.claim({ instanceId, key: name }, claim);
      await keys.link({ instanceId, key: name }, call.id);
    }
    await requests.takeOver([instanceId], later(60));
    await expect(keys.find({ instanceId, key: 'left' })).resolves.toMatchObject({
      answer: { type: 'placed', callId: left.callId },
    });
    await expect(keys.find({ instanceId, key: 'preparing' })).resolves.toBeUndefined();
  });

  it('go with their instance', async () => {
    const key = { instanceId, key: randomUUID() };
    await keys.claim(key, { fingerprint, now: start, expiredBefore: start });
    await dataSource.query(`DELETE FROM instances WHERE id = $1`, [instanceId]);
    await expect(keys.find(key)).resolves.toBeUndefined();
  });
});
