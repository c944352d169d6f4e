import { Injectable, type BeforeApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import { InstancesGained } from '../cluster/instances-gained.event.js';
import { DatabaseUnavailable } from '../common/database/database-unavailable.js';
import { DeferredWrites } from '../common/database/deferred-writes.js';
import { EventBus } from '../common/events/event-bus.js';
import { Log } from '../common/logging/log.js';
import { Clock } from '../common/time/clock.js';
import type { Connecting } from '../whatsapp/connect-turns.js';
import { instanceUpdate } from '../common/events/webhook-event.js';
import { logInstanceEvent } from './instance-event.js';
import { InstanceStatusRepository } from './instance-status.repository.js';
import { SessionOpener } from './session-opener.js';

/** Takes instances over from a process that has ended: their sessions are opened here. */
@Injectable()
export class GainedInstancesListener implements OnModuleInit, BeforeApplicationShutdown {
  private readonly takeovers: DeferredWrites;

  constructor(
    private readonly events: EventBus,
    private readonly repository: InstanceStatusRepository,
    private readonly opener: SessionOpener,
    private readonly clock: Clock,
    private readonly log: Log,
  ) {
    this.takeovers = new DeferredWrites(clock, log);
  }

  onModuleInit(): void {
    this.events.on(InstancesGained, ({ instanceIds }) => this.takeOver(instanceIds));
  }

  async beforeApplicationShutdown(): Promise<void> {
    await this.takeovers.stop();
  }

  /** Returns before the sessions are open: thousands of them must not hold up the HTTP server. */
  private async takeOver(instanceIds: readonly string[]): Promise<void> {
    try {
      await this.takeovers.run('sessions', async () => {
        const event = offlineEvent(this.clock.now());
        for (const instance of await this.repository.markOffline(instanceIds, event))
          logInstanceEvent(this.log, instance, event);
        this.open(await this.repository.listToOpen(instanceIds));
      });
    } catch (err) {
      // It is done as soon as the database is back.
      if (!(err instanceof DatabaseUnavailable)) throw err;
    }
  }

  private open(linked: readonly Connecting[]): void {
    if (linked.length === 0) return;
    this.log.info('Opening the sessions of linked instances', { sessions: linked.length });
    this.opener.open(linked);
  }
}

function offlineEvent(at: Date) {
  const reason = 'Ringdrop was restarted, or the session moved to another of its processes';
  return instanceUpdate(at, { state: 'disconnected', reason });
}
