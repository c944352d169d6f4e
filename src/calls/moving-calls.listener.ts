import { Injectable, type OnModuleInit } from '@nestjs/common';
import { HeartbeatLate } from '../cluster/heartbeat-late.event.js';
import { InstancesGained } from '../cluster/instances-gained.event.js';
import { InstancesLost } from '../cluster/instances-lost.event.js';
import { DatabaseUnavailable } from '../common/database/database-unavailable.js';
import { DeferredWrites } from '../common/database/deferred-writes.js';
import { EventBus } from '../common/events/event-bus.js';
import { Log } from '../common/logging/log.js';
import { Clock } from '../common/time/clock.js';
import { CallRecovery } from './call-recovery.js';
import { IdempotentRequests } from './idempotent-requests.js';

/** Calls and requests go on in the process that holds their instance. */
@Injectable()
export class MovingCallsListener implements OnModuleInit {
  private readonly takeovers: DeferredWrites;

  constructor(
    private readonly events: EventBus,
    private readonly requests: IdempotentRequests,
    private readonly recovery: CallRecovery,
    private readonly clock: Clock,
    log: Log,
  ) {
    this.takeovers = new DeferredWrites(clock, log);
  }

  onModuleInit(): void {
    this.events.on(InstancesGained, ({ instanceIds }) => this.takeOver(instanceIds));
    this.events.on(InstancesLost, ({ instanceIds }) => this.recovery.forget(instanceIds));
    this.events.on(HeartbeatLate, () => this.recovery.hangUpInTime('The database could not be reached'));
  }

  /** Puts what an earlier process left behind in order, as soon as the database is there. */
  private async takeOver(instanceIds: readonly string[]): Promise<void> {
    const now = this.clock.now();
    try {
      await this.takeovers.run('calls', async () => {
        await this.requests.takeOver(instanceIds, now);
        await this.recovery.takeOver(instanceIds, now);
      });
    } catch (err) {
      if (!(err instanceof DatabaseUnavailable)) throw err;
    }
  }
}
