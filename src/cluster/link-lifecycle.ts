import {
  Injectable,
  type BeforeApplicationShutdown,
  type OnApplicationBootstrap,
  type OnApplicationShutdown,
} from '@nestjs/common';
import { EventBus } from '../common/events/event-bus.js';
import { Log } from '../common/logging/log.js';
import { Clock } from '../common/time/clock.js';
import { InstancesGained } from './instances-gained.event.js';
import { NodeLink } from './node-link.js';
import { Ownership } from './ownership.js';

/** A broker that is well answers faster. */
const PATIENCE_MS = 3000;

/** The link to other nodes comes and goes with the process, which does not wait for it. */
@Injectable()
export class LinkLifecycle
  implements OnApplicationBootstrap, BeforeApplicationShutdown, OnApplicationShutdown
{
  constructor(
    private readonly link: NodeLink,
    private readonly ownership: Ownership,
    private readonly events: EventBus,
    private readonly clock: Clock,
    private readonly log: Log,
  ) {}

  onApplicationBootstrap(): void {
    const { link } = this;
    link.open(this.ownership.nodeId);
    // A node that was taken for dead begins anew under another id.
    this.events.on(InstancesGained, () => link.serveAs(this.ownership.nodeId));
    this.clock.schedule(PATIENCE_MS, () => {
      if (!link.isUp) {
        this.log.warn('NATS cannot be reached, so instances that other processes hold cannot be used here');
      }
    });
  }

  async beforeApplicationShutdown(): Promise<void> {
    await this.link.stopAnswering();
  }

  async onApplicationShutdown(): Promise<void> {
    await this.link.close();
  }
}
