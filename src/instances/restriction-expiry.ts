import {
  Injectable,
  type BeforeApplicationShutdown,
  type OnApplicationBootstrap,
  type OnModuleInit,
} from '@nestjs/common';
import { EventBus } from '../common/events/event-bus.js';
import { Log } from '../common/logging/log.js';
import { Clock, type Timer } from '../common/time/clock.js';
import { instanceNews, logInstanceEvent } from './instance-event.js';
import { InstanceStateChanged } from './instance-state-changed.event.js';
import { InstanceStatusRepository } from './instance-status.repository.js';

/** However far away the next end is: other processes may set an earlier one, and wall clocks are put right. */
const LONGEST_WAIT_MS = 30_000;
const RETRY_MS = 1_000;

/** Lifts restrictions when their time is over, also those that ended while no process ran. */
@Injectable()
export class RestrictionExpiry implements OnModuleInit, OnApplicationBootstrap, BeforeApplicationShutdown {
  private timer: Timer | undefined;
  private dueAtMs = Infinity;
  private running: Promise<void> = Promise.resolve();
  private stopped = false;

  constructor(
    private readonly repository: InstanceStatusRepository,
    private readonly events: EventBus,
    private readonly clock: Clock,
    private readonly log: Log,
  ) {}

  onModuleInit(): void {
    this.events.on(InstanceStateChanged, ({ signal }) => {
      if (signal.type === 'restricted') this.checkIn(this.msUntil(signal.until));
    });
  }

  async onApplicationBootstrap(): Promise<void> {
    await this.check();
  }

  /** Resolves when the check that is under way has ended. */
  async beforeApplicationShutdown(): Promise<void> {
    this.stopped = true;
    this.timer?.cancel();
    await this.running;
  }

  /** The earliest wish counts. */
  private checkIn(delayMs: number): void {
    const waitMs = Math.min(Math.max(0, delayMs), LONGEST_WAIT_MS);
    const dueAtMs = this.clock.monotonicMs() + waitMs;
    if (this.stopped || dueAtMs >= this.dueAtMs) return;
    this.timer?.cancel();
    this.dueAtMs = dueAtMs;
    this.timer = this.clock.schedule(waitMs, () => {
      this.dueAtMs = Infinity;
      this.running = this.running.then(() => this.check());
    });
  }

  private async check(): Promise<void> {
    try {
      await this.lift();
      const next = await this.repository.nextRestrictionEnd();
      this.checkIn(next ? this.msUntil(next) : LONGEST_WAIT_MS);
    } catch (err) {
      this.log.warn('Restrictions that are over could not be lifted yet', { err });
      this.checkIn(RETRY_MS);
    }
  }

  private async lift(): Promise<void> {
    const at = this.clock.now();
    const event = instanceNews(at, { state: 'unrestricted' });
    for (const { status, ...instance } of await this.repository.liftRestrictions(at, event)) {
      logInstanceEvent(this.log, instance, event);
      const signal = { type: 'unrestricted', instanceId: instance.id, at } as const;
      await this.events.publish(new InstanceStateChanged(instance, status, status, signal));
    }
  }

  private msUntil(end: Date): number {
    return end.getTime() - this.clock.now().getTime();
  }
}
