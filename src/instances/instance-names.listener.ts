import { Injectable, type OnModuleInit } from '@nestjs/common';
import { EventBus } from '../common/events/event-bus.js';
import { InstanceNames } from '../common/logging/instance-names.js';
import { InstanceDeleted } from './instance-deleted.event.js';
import { InstanceStateChanged } from './instance-state-changed.event.js';

/** Tells the log what instances are called. A session tells something before anything can be logged about its calls. */
@Injectable()
export class InstanceNamesListener implements OnModuleInit {
  constructor(
    private readonly events: EventBus,
    private readonly names: InstanceNames,
  ) {}

  onModuleInit(): void {
    this.events.on(InstanceStateChanged, ({ instance }) => this.names.remember(instance.id, instance.name));
    this.events.on(InstanceDeleted, ({ instance }) => this.names.forget(instance.id));
  }
}
