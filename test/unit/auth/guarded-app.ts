import { Body, Controller, Delete, Get, Post, type ExecutionContext } from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { Test } from '@nestjs/testing';
import { Authenticator } from '../../../src/auth/authenticator.js';
import { InstanceCreationLimit } from '../../../src/auth/route-limits.js';
import { countRequest } from '../../../src/auth/count-request.js';
import { FailedTokens } from '../../../src/auth/failed-tokens.js';
import { FixedWindowStorage } from '../../../src/auth/fixed-window-storage.js';
import { RefusalPace } from '../../../src/auth/refusal-pace.js';
import { RateLimit } from '../../../src/auth/rate-limit.js';
import { rateLimits, trackerOf, type RateLimits } from '../../../src/auth/rate-limits.js';
import { TokenGuard } from '../../../src/auth/token.guard.js';
import {
  AcceptsTokens,
  CurrentCaller,
  Public,
  type Caller,
  type RequestWithCaller,
  type TenantCaller,
} from '../../../src/common/http/caller.js';
import { dropUnreadBody } from '../../../src/common/http/body-bytes.js';
import { ErrorFilter } from '../../../src/common/http/error.filter.js';
import { InstanceRoute } from '../../../src/common/http/instance-route.js';
import { JsonBodyInterceptor } from '../../../src/common/http/json-body.js';
import { LimitedHttpAdapter } from '../../../src/common/http/limited-http.adapter.js';
import { RequestShapeGuard } from '../../../src/common/http/request-shape.guard.js';
import { RequestValidationPipe } from '../../../src/common/http/validation.pipe.js';
import { Clock } from '../../../src/common/time/clock.js';
import { parseAppConfig } from '../../../src/config/app-config.js';
import type { ManualClock } from '../../support/manual-clock.js';
import { SilentLog } from '../../support/silent-log.js';

export const ACCOUNT_TOKEN = 'rda_account';
export const INSTANCE_TOKEN = 'rdi_shop';
/** Of the same account, and with a limit of its own, of another one. */
export const MAIL_TOKEN = 'rdi_mail';
export const LIMITED_TOKEN = 'rda_limited';
export const ADMIN_TOKEN = 'the-admin-token';

const CALLERS: Readonly<Record<string, Caller>> = {
  [ACCOUNT_TOKEN]: { kind: 'account', accountId: 'a1' },
  [INSTANCE_TOKEN]: { kind: 'instance', accountId: 'a1', instanceId: 'i1', instanceName: 'shop' },
  [MAIL_TOKEN]: { kind: 'instance', accountId: 'a1', instanceId: 'i2', instanceName: 'mail' },
  [LIMITED_TOKEN]: { kind: 'account', accountId: 'a2', rateLimitPerMinute: 3 },
  [ADMIN_TOKEN]: { kind: 'admin' },
};

/** Knows these tokens. */
export class FakeAuthenticator {
  asked = 0;

  callerOf(token: string): Promise<Caller | undefined> {
    this.asked += 1;
    return Promise.resolve(CALLERS[token]);
  }
}

/**
 * Walks through the budgets as the throttler does. The throttler itself cannot be loaded here: it is CommonJS that
 * requires ESM, which Jest does not do on Node 20. The end-to-end tests have it.
 */
class CountingRateLimit extends RateLimit {
  constructor(
    private readonly limits: RateLimits,
    private readonly clock: ManualClock,
  ) {
    super();
  }

  async count(context: ExecutionContext): Promise<void> {
    const http = context.switchToHttp();
    const request = http.getRequest<RequestWithCaller>();
    const presented = { token: request.get('token') ?? '', address: request.ip ?? '' };
    for (const { name = '', limit, skipIf } of this.limits.throttlers) {
      if (skipIf?.(context)) continue;
      const resolved = typeof limit === 'function' ? await limit(context) : limit;
      const tracker = trackerOf(name, request.caller, presented);
      const budget = { name, tracker, limit: resolved, ttlMs: 60_000 };
      await countRequest(budget, this.limits.storage, this.clock, http.getResponse());
    }
  }
}

@Controller()
class RoutesController {
  @InstanceRoute(Post, 'fake')
  fake(@CurrentCaller() caller: TenantCaller, @Body() body: object): object {
    return { caller, body };
  }

  @Post('new')
  @AcceptsTokens('account')
  @InstanceCreationLimit()
  create(): object {
    return {};
  }

  @InstanceRoute(Delete, 'delete')
  @AcceptsTokens('account')
  delete(): object {
    return {};
  }

  @Get('accounts')
  @AcceptsTokens('admin')
  accounts(): object {
    return {};
  }

  @Get('open')
  @Public()
  open(): object {
    return {};
  }
}

/** The guards in front of a few routes, without a database. */
export async function guardedApp(
  clock: ManualClock,
  env: Readonly<Record<string, string>> = {},
): Promise<NestExpressApplication> {
  const config = parseAppConfig({
    RATE_LIMIT_PER_TOKEN: '5',
    RATE_LIMIT_INSTANCE_NEW: '2',
    RATE_LIMIT_PER_ADDRESS: '3',
    TRUSTED_PROXIES: '1',
    ...env,
  });
  const storage = new FixedWindowStorage(clock);
  const module = await Test.createTestingModule({
    controllers: [RoutesController],
    providers: [
      { provide: Clock, useValue: clock },
      { provide: Authenticator, useClass: FakeAuthenticator },
      {
        provide: RateLimit,
        useValue: new CountingRateLimit(rateLimits(config, storage), clock),
      },
      {
        provide: FailedTokens,
        useValue: new FailedTokens(storage, config, clock, new RefusalPace(clock)),
      },
      { provide: APP_GUARD, useClass: TokenGuard },
      { provide: APP_GUARD, useClass: RequestShapeGuard },
    ],
  }).compile();
  const adapter = new LimitedHttpAdapter(config, clock);
  const app = module.createNestApplication<NestExpressApplication>(adapter, { bodyParser: false });
  app.use(dropUnreadBody);
  app.set('trust proxy', config.trustedProxies);
  app.useGlobalInterceptors(new JsonBodyInterceptor());
  app.useGlobalFilters(new ErrorFilter(new SilentLog()));
  app.useGlobalPipes(new RequestValidationPipe());
  return app.init();
}
