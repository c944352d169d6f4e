import { Injectable, type OnModuleInit } from '@nestjs/common';
import { NodeNews } from '../cluster/node-news.js';
import { EventBus } from '../common/events/event-bus.js';
import { AccessTokens } from './access-tokens.js';
import { AccountDeleting } from './account-deleting.event.js';
import { AccountDisabled } from './account-disabled.event.js';
import { ACCOUNT_CLOSED, TOKEN_REPLACED } from './account-news.js';
import { TokenReplaced } from './token-replaced.event.js';

/** Lets the other nodes know at once which tokens they must not take any more. */
@Injectable()
export class AccountNewsListener implements OnModuleInit {
  constructor(
    private readonly events: EventBus,
    private readonly news: NodeNews,
    private readonly tokens: AccessTokens,
  ) {}

  onModuleInit(): void {
    const { events, news, tokens } = this;
    for (const type of [AccountDisabled, AccountDeleting]) {
      events.on(type, ({ accountId }) => news.tell(ACCOUNT_CLOSED, accountId));
    }
    events.on(TokenReplaced, (token) => news.tell(TOKEN_REPLACED, token));
    news.on(ACCOUNT_CLOSED, (accountId) => tokens.invalidateAccount(accountId));
    news.on(TOKEN_REPLACED, ({ accountId, instanceId }) => {
      if (instanceId === null) tokens.invalidateAccount(accountId);
      else tokens.invalidateInstance(instanceId);
    });
  }
}
