import { lookup, Resolver } from 'node:dns/promises';
import type { LookupAddress } from 'node:dns';
import { FairTurns } from '../async/fair-turns.js';
import type { TargetRules } from './target-policy.js';

/** A wait of 2 s, then one of 4 s, for each name server. */
const QUERY_OPTIONS = { timeout: 2000, tries: 2 };

/** Look-ups on the four threads that files and encryption share, in all, and for one owner. */
const SYSTEM_LOOKUPS = { places: 3, placesPerKey: 2, waitingPerKey: 500 };

/** Finds the addresses of a host name for an owner. Rejects, or answers an empty list, when there are none. */
export type ResolveHost = (
  hostname: string,
  rules: TargetRules,
  owner: string,
) => Promise<readonly LookupAddress[]>;

type SystemLookup = (hostname: string) => Promise<LookupAddress[]>;

/**
 * Public names are asked from DNS itself: the system's own look-up runs on the four threads that files and encryption
 * share, where a few names on a silent name server would hold up everything else. Private names may be known to the system
 * only (hosts file, multicast DNS), so they go its way, few at a time and the owners in turns.
 * @param servers `address` or `address:port`; without them those of the system
 */
export function hostResolver(
  servers?: readonly string[],
  systemLookup: SystemLookup = (hostname) => lookup(hostname, { all: true }),
): ResolveHost {
  const turns = new FairTurns<string>(SYSTEM_LOOKUPS);
  const resolver = new Resolver(QUERY_OPTIONS);
  if (servers) resolver.setServers(servers);
  return async (hostname, { allowPrivate }, owner) => {
    if (allowPrivate) {
      const turn = await turns.take(owner);
      return systemLookup(hostname).finally(() => turn.end());
    }
    const [four, six] = await Promise.allSettled([resolver.resolve4(hostname), resolver.resolve6(hostname)]);
    if (four.status === 'rejected' && six.status === 'rejected') throw four.reason;
    return [...addressesOf(four, 4), ...addressesOf(six, 6)];
  };
}

function addressesOf(answer: PromiseSettledResult<string[]>, family: 4 | 6): LookupAddress[] {
  return answer.status === 'fulfilled' ? answer.value.map((address) => ({ address, family })) : [];
}
