import { Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import {
  ACCEPTED_TOKENS,
  PUBLIC_ROUTE,
  type Caller,
  type RequestWithCaller,
  type TokenKind,
} from '../common/http/caller.js';
import { instanceNameOf } from '../common/http/request-shape.guard.js';
import { InstanceMismatch, InvalidToken, MissingToken, RateLimitExceeded } from './auth.errors.js';
import { Authenticator } from './authenticator.js';
import { FailedTokens } from './failed-tokens.js';
import { presentedToken } from './presented-token.js';
import { RateLimit } from './rate-limit.js';

const TENANTS: readonly TokenKind[] = ['account', 'instance'];

/**
 * Closes every route that is not `@Public()`. The order is part of the contract: token (401), ownership by token (403), rate
 * limit (429); path and body come after it. Refused requests are counted too: those without a valid token for the client's
 * address, which gets a 429 in the end, and after too many wrong tokens for any other, too.
 */
@Injectable()
export class TokenGuard implements CanActivate {
  constructor(
    private readonly reflector: Reflector,
    private readonly authenticator: Authenticator,
    private readonly rateLimit: RateLimit,
    private readonly failedTokens: FailedTokens,
  ) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    if (this.metadata<boolean>(PUBLIC_ROUTE, context)) return true;
    const http = context.switchToHttp();
    const request = http.getRequest<RequestWithCaller>();
    const token = presentedToken(request.headers);
    if (token !== undefined) await this.failedTokens.requireUnblocked(request, http.getResponse());
    const caller = token === undefined ? undefined : await this.authenticator.callerOf(token);
    const accepted = this.metadata<readonly TokenKind[]>(ACCEPTED_TOKENS, context) ?? TENANTS;
    if (!caller || !accepted.includes(caller.kind)) {
      if (token !== undefined) await this.failedTokens.count(request);
      await this.rateLimit.count(context);
      throw token === undefined ? new MissingToken() : new InvalidToken();
    }
    request.caller = caller;
    if (isOfAnotherInstance(caller, request)) {
      await this.countOnly(context);
      throw new InstanceMismatch();
    }
    await this.rateLimit.count(context);
    return true;
  }

  private async countOnly(context: ExecutionContext): Promise<void> {
    try {
      await this.rateLimit.count(context);
    } catch (error) {
      if (!(error instanceof RateLimitExceeded)) throw error;
    }
  }

  private metadata<T>(key: symbol, context: ExecutionContext): T | undefined {
    return this.reflector.getAllAndOverride<T | undefined>(key, [context.getHandler(), context.getClass()]);
  }
}

/** A blank name is nobody's; the path check tells it later. */
function isOfAnotherInstance(caller: Caller, request: RequestWithCaller): boolean {
  const name = instanceNameOf(request);
  return caller.kind === 'instance' && name !== undefined && name !== caller.instanceName;
}
