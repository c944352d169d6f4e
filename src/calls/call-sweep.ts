import { Injectable } from '@nestjs/common';
import { OwnershipLost } from '../cluster/ownership.errors.js';
import { Poller } from '../common/async/poller.js';
import { Log } from '../common/logging/log.js';
import { Clock } from '../common/time/clock.js';
import { CallClock } from './call-clock.js';
import { CallDeadlines } from './call-deadlines.js';
import { CallJournal } from './call-journal.js';
import { plusMs } from './call-times.js';
import type { PlacedCall } from './call.entity.js';
import { LiveCallsRepository } from './live-calls.repository.js';

const SWEEP_EVERY_MS = 1000;

/** Preparing a call is a handful of questions to WhatsApp, each with its own time-out; nothing takes this long. */
const LONGEST_PREPARATION_MS = 120_000;

/** Looks once a second for calls that should have ended: the sure way, whatever became of the timers. */
@Injectable()
export class CallSweep {
  private readonly poller: Poller;

  constructor(
    private readonly clock: Clock,
    private readonly times: CallClock,
    private readonly live: LiveCallsRepository,
    private readonly deadlines: CallDeadlines,
    private readonly journal: CallJournal,
    private readonly log: Log,
  ) {
    this.poller = new Poller(clock, log, {
      everyMs: SWEEP_EVERY_MS,
      round: () => this.sweep(),
      failure: 'Calls that are due could not be looked up',
    });
  }

  start(): void {
    this.poller.start();
  }

  /** Resolves when the sweep that is under way has ended. May be called twice. */
  stop(): Promise<void> {
    return this.poller.stop();
  }

  /** Begins to hang up every call that is due, or those of one instance, as when its session is back. */
  async hangUpDue(instanceId?: string): Promise<void> {
    // Not awaited, so that one session that is slow to send holds up no other.
    for (const call of await this.live.due(this.clock.now(), instanceId)) {
      void this.deadlines.hangUpRead(call);
    }
    // Known here, whatever the time of day has become.
    this.deadlines.hangUpOverdue(instanceId);
  }

  /** Hangs up every call whose session is open, or those of one instance, before the sessions end. Never rejects. */
  async cancelAll(reason: string, instanceId?: string): Promise<void> {
    const calls = await this.inProgress(instanceId);
    await Promise.all(calls.map((call) => this.deadlines.cancel(call, reason)));
  }

  /** Ends what never left: calls that were being prepared before `before`. */
  async endUnplaced(before: Date, reason: string, instanceIds?: readonly string[]): Promise<void> {
    for (const call of await this.live.unplaced(before, instanceIds)) {
      if (this.deadlines.isTimedHere(call.id)) continue;
      try {
        await this.journal.record(call, { type: 'failed', reason }, this.times.now(call.id));
      } catch (err) {
        if (!(err instanceof OwnershipLost)) throw err;
      }
    }
  }

  /** Without the database those that this process placed or took over are known all the same. */
  private async inProgress(instanceId: string | undefined): Promise<PlacedCall[]> {
    try {
      return await this.live.placed(instanceId === undefined ? undefined : [instanceId]);
    } catch (err) {
      this.log.error('The calls in progress could not be looked up', { err });
      return this.deadlines.watchedCalls(instanceId);
    }
  }

  private async sweep(): Promise<void> {
    await this.hangUpDue();
    await this.endUnplaced(
      plusMs(this.clock.now(), -LONGEST_PREPARATION_MS),
      'The call could not be prepared',
    );
  }
}
