import { lookup, Resolver } from 'node:dns/promises';
import type { LookupAddress } from 'node:dns';
import type { TargetRules } from '../common/net/target-policy.js';

/** A wait of 2 s, then one of 4 s, for each name server. */
const QUERY_OPTIONS = { timeout: 2000, tries: 2 };

/** Finds the addresses of a host name. Rejects, or answers an empty list, when there are none. */
export type ResolveHost = (hostname: string, rules: TargetRules) => Promise<readonly LookupAddress[]>;

/**
 * Public names are asked from DNS itself: the system's own look-up runs on the four threads that files and encryption
 * share, where a few names on a silent name server would hold up every other delivery. Private names may be known to the system
 * only (hosts file, multicast DNS), so they go its way.
 * @param servers `address` or `address:port`; without them those of the system
 */
export function hostResolver(servers?: readonly string[]): ResolveHost {
  const resolver = new Resolver(QUERY_OPTIONS);
  if (servers) resolver.setServers(servers);
  return async (hostname, { allowPrivate }) => {
    if (allowPrivate) return lookup(hostname, { all: true });
    const [four, six] = await Promise.allSettled([resolver.resolve4(hostname), resolver.resolve6(hostname)]);
    if (four.status === 'rejected' && six.status === 'rejected') throw four.reason;
    return [...addressesOf(four, 4), ...addressesOf(six, 6)];
  };
}

function addressesOf(answer: PromiseSettledResult<string[]>, family: 4 | 6): LookupAddress[] {
  return answer.status === 'fulfilled' ? answer.value.map((address) => ({ address, family })) : [];
}
