import { Injectable, type OnModuleInit } from '@nestjs/common';
import { AccessTokens } from '../accounts/access-tokens.js';
import { NodeNews } from '../cluster/node-news.js';
import { EventBus } from '../common/events/event-bus.js';
import { InstanceDeleted } from './instance-deleted.event.js';
import { INSTANCE_GONE, SESSION_TOLD } from './instance-news.js';
import { InstanceStateChanged } from './instance-state-changed.event.js';

/** Tells the other nodes what happens to instances here. */
@Injectable()
export class InstanceNewsListener implements OnModuleInit {
  constructor(
    private readonly events: EventBus,
    private readonly news: NodeNews,
    private readonly tokens: AccessTokens,
  ) {}

  onModuleInit(): void {
    this.events.on(InstanceStateChanged, ({ signal }) => this.news.tell(SESSION_TOLD, signal));
    this.events.on(InstanceDeleted, ({ instance }) => this.news.tell(INSTANCE_GONE, instance.id));
    this.news.on(INSTANCE_GONE, (instanceId) => this.tokens.invalidateInstance(instanceId));
  }
}
