import type { ExecutionContext } from '@nestjs/common';
import type { ThrottlerOptions } from '@nestjs/throttler';
import type { RequestWithCaller } from '../common/http/caller.js';
import type { AppConfig } from '../config/app-config.js';
import { INSTANCE_CREATION_LIMIT } from './instance-creation-limit.js';
import type { WindowStorage } from './window-storage.js';

const WINDOW_MS = 60_000;

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
    ],
  };
}
