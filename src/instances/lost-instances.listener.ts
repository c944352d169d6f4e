import { Injectable, type OnModuleInit } from '@nestjs/common';
import { InstancesLost } from '../cluster/instances-lost.event.js';
import { InstancesReleasing } from '../cluster/instances-releasing.event.js';
import { EventBus } from '../common/events/event-bus.js';
import { WhatsAppGateway } from '../whatsapp/whatsapp.gateway.js';

/** A session ends here before it begins in another process. */
@Injectable()
export class LostInstancesListener implements OnModuleInit {
  constructor(
    private readonly events: EventBus,
    private readonly gateway: WhatsAppGateway,
  ) {}

  onModuleInit(): void {
    this.events.on(InstancesReleasing, ({ instanceIds }) => this.close(instanceIds));
    this.events.on(InstancesLost, ({ instanceIds }) => {
      for (const instanceId of instanceIds) this.gateway.abandon(instanceId);
    });
  }

  private async close(instanceIds: readonly string[]): Promise<void> {
    await Promise.all(instanceIds.map((instanceId) => this.gateway.close(instanceId)));
  }
}
