import { beforeEach, describe, expect, it } from '@jest/globals';
import { TrustTokens } from '../../../../src/whatsapp/baileys/trust-tokens.js';
import type { CalleeQuery } from '../../../../src/whatsapp/whatsapp.gateway.js';
import { memoryKeyStore } from '../../../simulator/memory-key-store.js';
import { ManualClock } from '../../../support/manual-clock.js';
import { SilentLog } from '../../../support/silent-log.js';

const BUCKET_SECONDS = 7 * 86_400;

describe('the callee of whom a token is held', () => {
  let clock: ManualClock;
  let keys: ReturnType<typeof memoryKeyStore>;
  let tokens: TrustTokens;

  beforeEach(async () => {
    clock = new ManualClock();
    keys = memoryKeyStore();
    tokens = new TrustTokens(clock, new SilentLog());
    await keys.set({
      'lid-mapping': { '5511977770001': '700', '551177770001': '800', '491510000001': '900' },
    });
    await tokenFrom('700');
  });

  /** @param agoBuckets how many buckets ago it was issued */
  async function tokenFrom(lid: string, agoBuckets = 0): Promise<void> {
    const timestamp = String(Math.floor(clock.now().getTime() / 1000) - agoBuckets * BUCKET_SECONDS);
    await keys.set({ tctoken: { [`${lid}@lid`]: { token: Buffer.from('token'), timestamp } } });
  }

  const numbers = (...candidates: string[]): CalleeQuery => ({ kind: 'number', candidates });
  const find = (callee: CalleeQuery) => tokens.calleeWithToken({ authState: { keys } }, callee);

  it('is found by the first form of the number that was met before', async () => {
    expect(await find(numbers('5511977770001'))).toEqual(numbers('5511977770001'));
    expect(await find(numbers('5511977770001', '551177770001'))).toEqual(numbers('5511977770001'));
  });

  it('is not found by the second form when somebody else was met by the first', async () => {
    expect(await find(numbers('551177770001', '5511977770001'))).toBeUndefined();
  });

  it('is looked up by the form that was given first, also when only the second was met', async () => {
    const query = numbers('5511977770002', '5511977770001');
    expect(await find(query)).toEqual(query);
  });

  it('is found by the LID', async () => {
    expect(await find({ kind: 'lid', digits: '700' })).toEqual({ kind: 'lid', digits: '700' });
  });

  it.each<[string, CalleeQuery]>([
    ['whose LID is not known', numbers('491519999999')],
    ['who has issued none', numbers('491510000001')],
    ['whose LID has issued none', { kind: 'lid', digits: '900' }],
  ])('is nobody %s', async (_, callee) => {
    expect(await find(callee)).toBeUndefined();
  });

  it('is nobody whose token has expired', async () => {
    await tokenFrom('900', 3);
    expect(await find(numbers('491510000001'))).toBeDefined();
    await tokenFrom('900', 4);
    expect(await find(numbers('491510000001'))).toBeUndefined();
  });

  it('is nobody to whom only our own token was issued', async () => {
    await keys.set({ tctoken: { '900@lid': { token: Buffer.alloc(0), senderTimestamp: 1 } } });
    expect(await find(numbers('491510000001'))).toBeUndefined();
  });
});
