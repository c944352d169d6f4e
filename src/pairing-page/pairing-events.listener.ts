import { Injectable, type OnModuleInit } from '@nestjs/common';
import { AccountDeleting } from '../accounts/account-deleting.event.js';
import { AccountDisabled } from '../accounts/account-disabled.event.js';
import { ACCOUNT_CLOSED, TOKEN_REPLACED } from '../accounts/account-news.js';
import { TokenReplaced } from '../accounts/token-replaced.event.js';
import { NodeNews } from '../cluster/node-news.js';
import { EventBus } from '../common/events/event-bus.js';
import { InstanceDeleted } from '../instances/instance-deleted.event.js';
import { INSTANCE_GONE, SESSION_TOLD } from '../instances/instance-news.js';
import { InstanceStateChanged } from '../instances/instance-state-changed.event.js';
import { PairingRooms } from './pairing-rooms.js';

/** Brings what happens to instances to the pages that show them. */
@Injectable()
export class PairingEventsListener implements OnModuleInit {
  constructor(
    private readonly events: EventBus,
    private readonly news: NodeNews,
    private readonly rooms: PairingRooms,
  ) {}

  onModuleInit(): void {
    const { events, news, rooms } = this;
    events.on(InstanceStateChanged, ({ instance, signal }) => rooms.take(instance.id, signal));
    events.on(InstanceDeleted, ({ instance }) => rooms.dismissInstance(instance.id));
    events.on(AccountDisabled, ({ accountId }) => rooms.dismissAccount(accountId));
    events.on(AccountDeleting, ({ accountId }) => rooms.dismissAccount(accountId));
    events.on(TokenReplaced, (token) => this.onTokenReplaced(token));
    news.on(SESSION_TOLD, (signal) => rooms.take(signal.instanceId, signal));
    news.on(INSTANCE_GONE, (instanceId) => rooms.dismissInstance(instanceId));
    news.on(ACCOUNT_CLOSED, (accountId) => rooms.dismissAccount(accountId));
    news.on(TOKEN_REPLACED, (token) => this.onTokenReplaced(token));
  }

  /** The links that could have been made with the token are revoked. */
  private onTokenReplaced({ accountId, instanceId }: TokenReplaced): void {
    if (instanceId === null) this.rooms.dismissAccount(accountId);
    else this.rooms.dismissInstance(instanceId);
  }
}
