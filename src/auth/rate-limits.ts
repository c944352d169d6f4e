import type { ExecutionContext } from '@nestjs/common';
import type { ThrottlerOptions } from '@nestjs/throttler';
import { tenantOf, type Caller, type RequestWithCaller } from '../common/http/caller.js';
import type { AppConfig } from '../config/app-config.js';
import { INSTANCE_CREATION_LIMIT, WEBHOOK_TEST_LIMIT } from './route-limits.js';
import type { WindowStorage } from './window-storage.js';

const WINDOW_MS = 60_000;

/** Tests of webhooks a minute for each account. */
const WEBHOOK_TESTS = 20;

/** The budgets that all tokens of an account share; the others belong to a token or an address. */
const ACCOUNT_BUDGET = 'account';
const WEBHOOK_TEST_BUDGET = 'webhook-test';
const SHARED_BUDGETS: readonly string[] = [ACCOUNT_BUDGET, WEBHOOK_TEST_BUDGET];

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
        name: WEBHOOK_TEST_BUDGET,
        ttl: WINDOW_MS,
        limit: WEBHOOK_TESTS,
        skipIf: (context) =>
          !callerOf(context) || !Reflect.hasMetadata(WEBHOOK_TEST_LIMIT, context.getHandler()),
      },
      {
        // Last: a token that has used up its own budget does not use up that of the others.
        name: ACCOUNT_BUDGET,
        ttl: WINDOW_MS,
        limit: (context) => tenantOf(callerOf(context))?.rateLimitPerMinute ?? config.rateLimitPerAccount,
        skipIf: (context) => !tenantOf(callerOf(context)),
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
  const tenant = tenantOf(caller);
  return tenant && SHARED_BUDGETS.includes(budget) ? `account:${tenant.accountId}` : `token:${token}`;
}
