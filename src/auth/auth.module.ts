import { Module } from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import { ThrottlerModule } from '@nestjs/throttler';
import { AccountsModule } from '../accounts/accounts.module.js';
import { RequestShapeGuard } from '../common/http/request-shape.guard.js';
import { AppConfig } from '../config/app-config.js';
import { Authenticator } from './authenticator.js';
import { FailedTokens } from './failed-tokens.js';
import { RateLimitGuard } from './rate-limit.guard.js';
import { RefusalPace } from './refusal-pace.js';
import { RateLimit } from './rate-limit.js';
import { rateLimits } from './rate-limits.js';
import { RequestPlacesGuard } from './request-places.guard.js';
import { TokenGuard } from './token.guard.js';
import { WindowStorageModule } from './window-storage.module.js';
import { WindowStorage } from './window-storage.js';

/** Closes the whole API. The guards run in the order in which they stand here. */
@Module({
  imports: [
    AccountsModule,
    WindowStorageModule,
    ThrottlerModule.forRootAsync({
      imports: [WindowStorageModule],
      inject: [AppConfig, WindowStorage],
      useFactory: rateLimits,
    }),
  ],
  providers: [
    Authenticator,
    FailedTokens,
    RefusalPace,
    { provide: RateLimit, useClass: RateLimitGuard },
    { provide: APP_GUARD, useClass: TokenGuard },
    { provide: APP_GUARD, useClass: RequestPlacesGuard },
    { provide: APP_GUARD, useClass: RequestShapeGuard },
  ],
  exports: [RateLimit, WindowStorageModule],
})
export class AuthModule {}
