import type { CacheStore, UserFacingSocketConfig } from '@whiskeysockets/baileys';
import { LRUCache } from 'lru-cache';

/** The library's own times (7.0.0-rc14, `DEFAULT_CACHE_TTLS`). */
const FIVE_MINUTES_MS = 5 * 60_000;
const ONE_HOUR_MS = 60 * 60_000;
/** Entries of each kind over all sockets; the longest unused go first. */
const ENTRIES = 50_000;

type Entries = LRUCache<string, { readonly value: unknown }>;

const devices = entries(FIVE_MINUTES_MS);
const offers = entries(FIVE_MINUTES_MS);
const retries = entries(ONE_HOUR_MS);
const placeholders = entries(ONE_HOUR_MS);
let sockets = 0;

/**
 * The caches of one socket. Left to itself the library makes four of them with a timer each for every socket; here all sockets
 * share the room and no timer is needed. Keys carry the number of their socket, which is never used again, so that no
 * socket finds what another one stored, be it of another tenant or an earlier one of the same session.
 */
export function socketCaches(): Pick<
  UserFacingSocketConfig,
  'userDevicesCache' | 'callOfferCache' | 'msgRetryCounterCache' | 'placeholderResendCache'
> {
  const prefix = `${sockets++}/`;
  return {
    userDevicesCache: cacheIn(devices, prefix),
    callOfferCache: cacheIn(offers, prefix),
    msgRetryCounterCache: cacheIn(retries, prefix),
    placeholderResendCache: cacheIn(placeholders, prefix),
  };
}

function entries(ttl: number): Entries {
  return new LRUCache({ max: ENTRIES, ttl });
}

function cacheIn(shared: Entries, prefix: string): CacheStore {
  return {
    get: <T>(key: string) => shared.get(prefix + key)?.value as T | undefined,
    set: (key, value: unknown) => void shared.set(prefix + key, { value }),
    del: (key) => void shared.delete(prefix + key),
    flushAll: () => {
      for (const key of shared.keys()) if (key.startsWith(prefix)) shared.delete(key);
    },
  };
}
