import { Injectable, type OnModuleInit } from '@nestjs/common';
import { ApplicationPoller } from '../common/async/poller.js';
import { EventBus } from '../common/events/event-bus.js';
import { Log } from '../common/logging/log.js';
import { Clock } from '../common/time/clock.js';
import { instanceUpdate } from '../common/events/webhook-event.js';
import { logInstanceEvent } from './instance-event.js';
import { InstanceStateChanged } from './instance-state-changed.event.js';
import { InstanceStatusRepository } from './instance-status.repository.js';

/** However far away the next end is: other processes may set an earlier one, and wall clocks are put right. */
const LONGEST_WAIT_MS = 30_000;

/** Lifts restrictions when their time is over, also those that ended while no process ran. */
@Injectable()
export class RestrictionExpiry extends ApplicationPoller implements OnModuleInit {
  constructor(
    private readonly repository: InstanceStatusRepository,
    private readonly events: EventBus,
    private readonly clock: Clock,
    private readonly log: Log,
  ) {
    super(clock, log, {
      everyMs: LONGEST_WAIT_MS,
      failure: 'Restrictions that are over could not be lifted',
    });
  }

  onModuleInit(): void {
    this.events.on(InstanceStateChanged, ({ signal }) => {
      if (signal.type === 'restricted') this.checkAt(signal.until);
    });
  }

  override onApplicationBootstrap(): Promise<void> {
    this.poller.start();
    return this.poller.idle();
  }

  protected override async round(): Promise<void> {
    await this.lift();
    const next = await this.repository.nextRestrictionEnd();
    if (next) this.checkAt(next);
  }

  private checkAt(end: Date): void {
    this.poller.wakeIn(end.getTime() - this.clock.now().getTime());
  }

  private async lift(): Promise<void> {
    const at = this.clock.now();
    const event = instanceUpdate(at, { state: 'unrestricted' });
    for (const { status, ...instance } of await this.repository.liftRestrictions(at, event)) {
      logInstanceEvent(this.log, instance, event);
      const signal = { type: 'unrestricted', instanceId: instance.id, at } as const;
      await this.events.publish(new InstanceStateChanged(instance, status, status, signal));
    }
  }
}
