import { Injectable, type OnModuleInit } from '@nestjs/common';
import { AccountDeleting } from '../accounts/account-deleting.event.js';
import { AccountDisabled } from '../accounts/account-disabled.event.js';
import { EventBus } from '../common/events/event-bus.js';
import { InstanceDeleted } from '../instances/instance-deleted.event.js';
import { InstanceStateChanged } from '../instances/instance-state-changed.event.js';
import { PairingRooms } from './pairing-rooms.js';

/** Brings what happens to instances to the pages that show them. */
@Injectable()
export class PairingEventsListener implements OnModuleInit {
  constructor(
    private readonly events: EventBus,
    private readonly rooms: PairingRooms,
  ) {}

  onModuleInit(): void {
    this.events.on(InstanceStateChanged, ({ instance, signal }) => this.rooms.take(instance.id, signal));
    this.events.on(InstanceDeleted, ({ instance }) => this.rooms.dismissInstance(instance.id));
    this.events.on(AccountDisabled, ({ accountId }) => this.rooms.dismissAccount(accountId));
    this.events.on(AccountDeleting, ({ accountId }) => this.rooms.dismissAccount(accountId));
  }
}
