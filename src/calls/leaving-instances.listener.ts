import { Injectable, type OnModuleInit } from '@nestjs/common';
import { EventBus } from '../common/events/event-bus.js';
import { Clock } from '../common/time/clock.js';
import { InstanceLeaving } from '../instances/instance-leaving.event.js';
import { CallSweep } from './call-sweep.js';
import { HANG_UP_ALL_MS } from './call-times.js';

/** A session that ends leaves no phone ringing: without it nobody could hang up. */
@Injectable()
export class LeavingInstancesListener implements OnModuleInit {
  constructor(
    private readonly events: EventBus,
    private readonly sweep: CallSweep,
    private readonly clock: Clock,
  ) {}

  onModuleInit(): void {
    this.events.on(InstanceLeaving, ({ instanceId, reason }) => this.hangUp(instanceId, reason));
  }

  private async hangUp(instanceId: string, reason: string): Promise<void> {
    await Promise.race([this.sweep.cancelAll(reason, instanceId), this.clock.sleep(HANG_UP_ALL_MS)]);
  }
}
