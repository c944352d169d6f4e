import { type NewsTopic, NodeNews } from '../cluster/node-news.js';
import { fieldsOf, text } from '../cluster/wire-values.js';
import { Injectable, type OnModuleInit } from '@nestjs/common';
import { AccountDeleting } from '../accounts/account-deleting.event.js';
import { AccountDisabled } from '../accounts/account-disabled.event.js';
import { TokenReplaced } from '../accounts/token-replaced.event.js';
import { ACCOUNT_CLOSED, TOKEN_REPLACED } from '../accounts/account-news.js';
import { EventBus } from '../common/events/event-bus.js';
import { InstanceDeleted } from '../instances/instance-deleted.event.js';
import { INSTANCE_GONE } from '../instances/instance-news.js';
import { EventStored } from '../common/events/webhook-event.js';
import { CLOSE_CODES } from './event-socket.js';
import { EventSockets } from './event-sockets.js';
import { SocketAccess } from './socket-access.js';

/** An event as clients get it. */
interface EventNews {
  readonly instanceId: string;
  readonly event: string;
  readonly text: string;
}

/** An event was stored. */
const EVENT_EMITTED: NewsTopic<EventNews> = {
  name: 'event.emitted',
  parse: (value) => {
    const fields = fieldsOf(value);
    return {
      instanceId: text(fields['instanceId']),
      event: text(fields['event']),
      text: text(fields['text']),
    };
  },
};

/** Hands events to those who listen, and closes the sockets of tokens, accounts and instances that are gone. */
@Injectable()
export class LiveEventsListener implements OnModuleInit {
  constructor(
    private readonly events: EventBus,
    private readonly news: NodeNews,
    private readonly sockets: EventSockets,
    private readonly access: SocketAccess,
  ) {}

  onModuleInit(): void {
    const { events, news } = this;
    events.on(EventStored, ({ instanceId, type: event, text }) => {
      this.sockets.send(instanceId, event, text);
      news.tell(EVENT_EMITTED, { instanceId, event, text });
    });
    events.on(AccountDisabled, ({ accountId }) => this.refuseAccount(accountId));
    events.on(AccountDeleting, ({ accountId }) => this.refuseAccount(accountId));
    events.on(InstanceDeleted, ({ instance }) => this.refuseInstance(instance.id));
    events.on(TokenReplaced, (token) => this.reviewHolders(token));
    news.on(TOKEN_REPLACED, (token) => this.reviewHolders(token));
    news.on(EVENT_EMITTED, ({ instanceId, event, text }) => this.sockets.send(instanceId, event, text));
    news.on(ACCOUNT_CLOSED, (accountId) => this.refuseAccount(accountId));
    news.on(INSTANCE_GONE, (instanceId) => this.refuseInstance(instanceId));
  }

  /** Looks again rather than closing all: a socket may have been opened with the new token meanwhile. */
  private reviewHolders({ accountId, instanceId }: TokenReplaced): Promise<void> {
    const sockets = instanceId === null ? this.sockets.all() : this.sockets.socketsOf(instanceId);
    return this.access.review(sockets.filter(({ owner }) => owner.accountId === accountId));
  }

  private refuseInstance(id: string): void {
    this.sockets.closeWhere(
      ({ instanceId }) => instanceId === id,
      CLOSE_CODES.policyViolation,
      'Instance deleted',
    );
  }

  private refuseAccount(accountId: string): void {
    this.sockets.closeWhere(
      (owner) => owner.accountId === accountId,
      CLOSE_CODES.policyViolation,
      'Invalid token',
    );
  }
}
