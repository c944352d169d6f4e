import { describe, expect, it } from '@jest/globals';
import { socketCaches } from '../../../../src/whatsapp/baileys/socket-caches.js';

const KINDS = [
  'userDevicesCache',
  'callOfferCache',
  'msgRetryCounterCache',
  'placeholderResendCache',
] as const;

describe.each(KINDS)('the %s of a socket', (kind) => {
  it('keeps, replaces and forgets', async () => {
    const { [kind]: cache } = socketCaches();
    expect(await cache?.get('one')).toBeUndefined();
    await cache?.set('one', ['a']);
    expect(await cache?.get('one')).toEqual(['a']);
    await cache?.set('one', 0);
    expect(await cache?.get('one')).toBe(0);
    await cache?.del('one');
    expect(await cache?.get('one')).toBeUndefined();
  });

  it('shows nothing of another socket, and empties nothing there', async () => {
    const [{ [kind]: mine }, { [kind]: theirs }] = [socketCaches(), socketCaches()];
    await mine?.set('491510000001', 'mine');
    await theirs?.set('491510000001', 'theirs');
    expect(await mine?.get('491510000001')).toBe('mine');
    await mine?.flushAll();
    expect(await mine?.get('491510000001')).toBeUndefined();
    expect(await theirs?.get('491510000001')).toBe('theirs');
  });

  it('is apart from the other caches of its socket', async () => {
    const caches = socketCaches();
    await caches[kind]?.set('same', kind);
    for (const other of KINDS) if (other !== kind) expect(await caches[other]?.get('same')).toBeUndefined();
  });
});
