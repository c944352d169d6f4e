import { Module } from '@nestjs/common';
import { AccessTokenRenewal, AccessTokens } from './access-tokens.js';
import { AccessTokensRepository } from './access-tokens.repository.js';
import { AccountNewsListener } from './account-news.listener.js';
import { AccountsController } from './accounts.controller.js';
import { AccountsRepository } from './accounts.repository.js';
import { AccountsService } from './accounts.service.js';

@Module({
  controllers: [AccountsController],
  providers: [
    AccountNewsListener,
    AccountsService,
    AccountsRepository,
    AccessTokenRenewal,
    AccessTokens,
    AccessTokensRepository,
  ],
  exports: [AccountsService, AccessTokens],
})
export class AccountsModule {}
