import { Injectable, type OnModuleInit } from '@nestjs/common';
import { AccountDeleting } from '../../accounts/account-deleting.event.js';
import { AccountDisabled } from '../../accounts/account-disabled.event.js';
import { TokenReplaced } from '../../accounts/token-replaced.event.js';
import { EventBus } from '../../common/events/event-bus.js';
import { InstanceDeleted } from '../../instances/instance-deleted.event.js';
import { EventEmitted } from '../event-emitted.event.js';
import { CLOSE_CODES } from './event-socket.js';
import { EventSockets } from './event-sockets.js';
import { SocketAccess } from './socket-access.js';

/** Hands events to those who listen, and closes the sockets of tokens, accounts and instances that are gone. */
@Injectable()
export class LiveEventsListener implements OnModuleInit {
  constructor(
    private readonly events: EventBus,
    private readonly sockets: EventSockets,
    private readonly access: SocketAccess,
  ) {}

  onModuleInit(): void {
    this.events.on(EventEmitted, ({ instanceId, envelope, text }) =>
      this.sockets.send(instanceId, envelope.event, text),
    );
    const refuse = this.refuseAccount.bind(this);
    this.events.on(AccountDisabled, refuse);
    this.events.on(AccountDeleting, refuse);
    this.events.on(TokenReplaced, (token) => this.reviewHolders(token));
    this.events.on(InstanceDeleted, ({ instance }) =>
      this.sockets.closeWhere(
        ({ instanceId }) => instanceId === instance.id,
        CLOSE_CODES.policyViolation,
        'Instance deleted',
      ),
    );
  }

  /** Looks again rather than closing all: a socket may have been opened with the new token meanwhile. */
  private reviewHolders({ accountId, instanceId }: TokenReplaced): Promise<void> {
    const sockets = instanceId === null ? this.sockets.all() : this.sockets.socketsOf(instanceId);
    return this.access.review(sockets.filter(({ owner }) => owner.accountId === accountId));
  }

  private refuseAccount({ accountId }: { readonly accountId: string }): void {
    this.sockets.closeWhere(
      (owner) => owner.accountId === accountId,
      CLOSE_CODES.policyViolation,
      'Invalid token',
    );
  }
}
