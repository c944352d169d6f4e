import { Inject, Injectable, type OnModuleInit } from '@nestjs/common';
import { HeartbeatLate } from '../cluster/heartbeat-late.event.js';
import { InstancesGained } from '../cluster/instances-gained.event.js';
import { InstancesLost } from '../cluster/instances-lost.event.js';
import { NodeDeparture } from '../cluster/node-departure.js';
import { ApplicationPoller } from '../common/async/poller.js';
import { DatabaseUnavailable } from '../common/database/database-unavailable.js';
import { DeferredWrites } from '../common/database/deferred-writes.js';
import { EventBus } from '../common/events/event-bus.js';
import { Log } from '../common/logging/log.js';
import { Clock } from '../common/time/clock.js';
import { InstanceLeaving } from '../instances/instance-leaving.event.js';
import { HANG_UP_ALL_MS } from './call-times.js';
import { CallDeadlines } from './end/call-deadlines.js';
import { CallSignalsListener } from './end/call-signals.listener.js';
import { CallSweep } from './end/call-sweep.js';
import { CallTakeover } from './end/call-takeover.js';
import { IdempotentRequests } from './idempotency/idempotent-requests.js';
import { PlaceCall } from './place/place-call.js';

/** A ring that ends within this time is not worth a change of hands. */
const LONGEST_WAIT_MS = 5000;
const LOOK_EVERY_MS = 50;
const SWEEP_EVERY_MS = 1000;

/** Calls and requests go on in the process that holds their instance, and end with its session. */
@Injectable()
export class CallsOfInstances implements OnModuleInit {
  private readonly takeovers: DeferredWrites;

  constructor(
    private readonly events: EventBus,
    private readonly requests: IdempotentRequests,
    private readonly takeover: CallTakeover,
    private readonly sweep: CallSweep,
    private readonly deadlines: CallDeadlines,
    private readonly clock: Clock,
    log: Log,
  ) {
    this.takeovers = new DeferredWrites(clock, log);
  }

  onModuleInit(): void {
    this.events.on(InstancesGained, ({ instanceIds }) => this.takeOver(instanceIds));
    this.events.on(InstancesLost, ({ instanceIds }) => this.takeover.forget(instanceIds));
    this.events.on(HeartbeatLate, () => this.hangUpInTime());
    this.events.on(InstanceLeaving, ({ instanceId, reason }) => this.hangUpBefore(instanceId, reason));
  }

  /** Puts what an earlier process left behind in order, as soon as the database is there. */
  private async takeOver(instanceIds: readonly string[]): Promise<void> {
    const now = this.clock.now();
    try {
      await this.takeovers.run('calls', async () => {
        await this.requests.takeOver(instanceIds, now);
        await this.takeover.takeOver(instanceIds, now);
      });
    } catch (err) {
      if (!(err instanceof DatabaseUnavailable)) throw err;
    }
  }

  /** Hangs up what rings here while it can still be done, because nobody may be there in time to do it later. */
  private async hangUpInTime(): Promise<void> {
    const reason = 'The database could not be reached';
    await Promise.all(this.deadlines.watchedCalls().map((call) => this.deadlines.cancel(call, reason)));
  }

  /** A session that ends leaves no phone ringing: without it nobody could hang up. */
  private async hangUpBefore(instanceId: string, reason: string): Promise<void> {
    await Promise.race([this.sweep.cancelAll(reason, instanceId), this.clock.sleep(HANG_UP_ALL_MS)]);
  }
}

/**
 * Looks after calls from the first to the last moment of the process. One that stops alone leaves no phone ringing: nobody would hang
 * up until the next start. One that has successors leaves its rings to them, with their deadlines in the database.
 */
@Injectable()
export class CallsLifecycle extends ApplicationPoller {
  constructor(
    private readonly placing: PlaceCall,
    private readonly sweep: CallSweep,
    private readonly deadlines: CallDeadlines,
    private readonly signals: CallSignalsListener,
    @Inject(NodeDeparture) private readonly departure: Pick<NodeDeparture, 'handsOver'>,
    private readonly clock: Clock,
    log: Log,
  ) {
    super(clock, log, {
      everyMs: SWEEP_EVERY_MS,
      failure: 'Calls that are due could not be looked up',
    });
  }

  /** No call is placed here any more. Comes before this process calls itself not ready, so that both agree. */
  close(): void {
    this.placing.close();
  }

  /** Waits for calls that are nearly over: resolves within 5 s, at once when nobody else goes on with the calls. */
  async finish(): Promise<void> {
    if (!this.departure.handsOver) return;
    const startedMs = this.clock.monotonicMs();
    const leftMs = (): number => startedMs + LONGEST_WAIT_MS - this.clock.monotonicMs();
    while (leftMs() > 0 && this.deadlines.someEndWithin(leftMs())) await this.clock.sleep(LOOK_EVERY_MS);
  }

  /** Runs before the sessions are closed. */
  override async beforeApplicationShutdown(): Promise<void> {
    this.placing.close();
    await super.beforeApplicationShutdown();
    if (!this.departure.handsOver) {
      await Promise.race([this.sweep.cancelAll('Ringdrop was stopped'), this.clock.sleep(HANG_UP_ALL_MS)]);
    }
    await this.signals.stop();
  }

  protected override round(): Promise<void> {
    return this.sweep.hangUpDue();
  }
}
