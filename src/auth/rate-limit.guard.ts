import { Injectable, type ExecutionContext } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import {
  InjectThrottlerOptions,
  InjectThrottlerStorage,
  ThrottlerGuard,
  type ThrottlerModuleOptions,
  type ThrottlerRequest,
  type ThrottlerStorage,
} from '@nestjs/throttler';
import type { Response } from 'express';
import { tenantOf, type RequestWithCaller } from '../common/http/caller.js';
import { clientNetwork } from '../common/net/client-network.js';
import { Clock } from '../common/time/clock.js';
import { RateLimitExceeded } from './auth.errors.js';
import { countRequest } from './count-request.js';
import { presentedToken } from './presented-token.js';
import type { RateLimit } from './rate-limit.js';
import { RefusalPace } from './refusal-pace.js';
import { trackerOf } from './rate-limits.js';

/**
 * The rate limit over the throttler. Not a guard of its own: the token guard asks it once it knows who is calling,
 * because refused requests are counted too, and by address.
 */
@Injectable()
export class RateLimitGuard extends ThrottlerGuard implements RateLimit {
  constructor(
    @InjectThrottlerOptions() options: ThrottlerModuleOptions,
    @InjectThrottlerStorage() storage: ThrottlerStorage,
    reflector: Reflector,
    private readonly clock: Clock,
    private readonly refusals: RefusalPace,
  ) {
    super(options, storage, reflector);
  }

  async count(context: ExecutionContext): Promise<void> {
    try {
      await this.canActivate(context);
    } catch (error) {
      if (error instanceof RateLimitExceeded) {
        const http = context.switchToHttp();
        const { caller, ip } = http.getRequest<RequestWithCaller>();
        await this.refusals.turn(tenantOf(caller)?.accountId ?? clientNetwork(ip), http.getResponse());
      }
      throw error;
    }
  }

  protected override async handleRequest(props: ThrottlerRequest): Promise<boolean> {
    const http = props.context.switchToHttp();
    const request = http.getRequest<RequestWithCaller>();
    const { name = '' } = props.throttler;
    const token = presentedToken(request.headers) ?? '';
    const address = clientNetwork(request.ip);
    await countRequest(
      {
        name,
        tracker: trackerOf(name, request.caller, { token, address }),
        limit: props.limit,
        ttlMs: props.ttl,
      },
      this.storageService,
      this.clock,
      http.getResponse<Response>(),
    );
    return true;
  }
}
