import { Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';
import { RateLimit } from '../auth/rate-limit.js';

/** Counts requests to public routes for the client's address, together with those that come without a valid token. */
@Injectable()
export class AddressLimitGuard implements CanActivate {
  constructor(private readonly rateLimit: RateLimit) {}

  /** @throws RateLimitExceeded */
  async canActivate(context: ExecutionContext): Promise<boolean> {
    await this.rateLimit.count(context);
    return true;
  }
}
