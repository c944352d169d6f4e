import { issueTrustToken } from './trust-tokens.js';
import type { IssuedToken } from './types.js';
import type { World } from './world.js';

/** Trusted-contact tokens between accounts and contacts. */
export class TrustTokenDesk {
  constructor(private readonly world: World) {}

  /**
   * The contact `from` issues a token to the account, whose sessions are notified. Returns the token, which an offer to
   * that contact may carry as `<privacy>`. `issuedAtSeconds` (epoch) allows for old ones.
   */
  send(number: string, from: string, issuedAtSeconds?: number): Buffer {
    return issueTrustToken(this.world, number, from, issuedAtSeconds);
  }

  /** Tokens that the companions of the account issued, in order. */
  issuedBy(number: string): readonly IssuedToken[] {
    return this.world.directory.ensure(number).issuedTokens;
  }
}
