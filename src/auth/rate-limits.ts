import type { ExecutionContext } from '@nestjs/common';
import type { ThrottlerOptions } from '@nestjs/throttler';
import type { Caller, RequestWithCaller } from '../common/http/caller.js';
import type { AppConfig } from '../config/app-config.js';
import { INSTANCE_CREATION_LIMIT } from './instance-creation-limit.js';
import type { WindowStorage } from './window-storage.js';

const WINDOW_MS = 60_000;

/** The budget that all tokens of an account share; the others belong to a token or an address. */
const ACCOUNT_BUDGET = 'account';

/** Where requests are counted, and the budgets of a minute. */
export interface RateLimits {
  readonly storage: WindowStorage;
  readonly throttlers: ThrottlerOptions[];
}

/** The budgets from the operator's settings. */
export function rateLimits(config: AppConfig, storage: WindowStorage): RateLimits {
  const callerOf = (context: ExecutionContext) =>
    context.switchToHttp().getRequest<RequestWithCaller>().caller;
  return {
    storage,
    throttlers: [
      {
        name: 'requests',
        ttl: WINDOW_MS,
        limit: (context) => (callerOf(context) ? config.rateLimitPerToken : config.rateLimitPerAddress),
      },
      {
        name: 'instance-new',
        ttl: WINDOW_MS,
        limit: config.rateLimitInstanceNew,
        skipIf: (context) =>
          !callerOf(context) || !Reflect.hasMetadata(INSTANCE_CREATION_LIMIT, context.getHandler()),
      },
      {
        // Last: a token that has used up its own budget does not use up that of the others.
        name: ACCOUNT_BUDGET,
        ttl: WINDOW_MS,
        limit: (context) => accountLimitOf(callerOf(context)) ?? config.rateLimitPerAccount,
        skipIf: (context) => (callerOf(context)?.kind ?? 'admin') === 'admin',
      },
    ],
  };
}

/** Whom a request is counted for. */
export function trackerOf(
  budget: string,
  caller: Caller | undefined,
  { token, address }: { readonly token: string; readonly address: string },
): string {
  if (!caller) return `address:${address}`;
  return budget === ACCOUNT_BUDGET && caller.kind !== 'admin'
    ? `account:${caller.accountId}`
    : `token:${token}`;
}

function accountLimitOf(caller: Caller | undefined): number | undefined {
  return caller && caller.kind !== 'admin' ? caller.rateLimitPerMinute : undefined;
}
