import type { LookupFunction } from 'node:net';
import type { ResolveHost } from './host-resolver.js';
import { isPublicAddress } from './public-address.js';
import type { TargetRules } from './target-policy.js';

const MAX_ADDRESSES = 8;

/** A name without an address, or an address that is not allowed. */
export class LookupFailure extends Error {
  constructor(
    readonly reason: 'dns_failed' | 'target_refused',
    options?: ErrorOptions,
  ) {
    super(reason, options);
    this.name = 'LookupFailure';
  }
}

/**
 * The look-up of a connection that may go to checked addresses only: the socket gets exactly the addresses that were judged, so a
 * name that changes its mind (DNS rebinding) is not asked twice. Node skips it for literal addresses.
 * @param owner among whom look-ups are shared fairly
 */
export function checkedLookup(resolve: ResolveHost, rules: TargetRules, owner: string): LookupFunction {
  const addressesOf = async (hostname: string) => {
    const addresses = await resolve(hostname, rules, owner).catch((cause: unknown) => {
      throw new LookupFailure('dns_failed', { cause });
    });
    // One address that is not allowed refuses the name: it would be a matter of luck which one is used.
    if (!addresses.every(({ address }) => isAllowedAddress(address, rules)))
      throw new LookupFailure('target_refused');
    const [first] = addresses;
    if (!first) throw new LookupFailure('dns_failed');
    return { first, all: addresses.slice(0, MAX_ADDRESSES) };
  };
  return (hostname, options, callback) => {
    addressesOf(hostname).then(
      ({ first, all }) => (options.all ? callback(null, all) : callback(null, first.address, first.family)),
      (error: Error) => callback(error, []),
    );
  };
}

export function isAllowedAddress(address: string, { allowPrivate }: TargetRules): boolean {
  return allowPrivate || isPublicAddress(address);
}
