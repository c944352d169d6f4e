import { Injectable } from '@nestjs/common';
import { Log } from '../../common/logging/log.js';
import { Clock } from '../../common/time/clock.js';
import type { PlacedCall } from '../store/call.entity.js';
import { CallsRepository } from '../store/calls.repository.js';
import { CallDeadlines } from './call-deadlines.js';

/** Hangs up all calls that should have ended or are to end now, by their rows: the sure way, whatever became of the timers. */
@Injectable()
export class CallSweep {
  constructor(
    private readonly clock: Clock,
    private readonly calls: CallsRepository,
    private readonly deadlines: CallDeadlines,
    private readonly log: Log,
  ) {}

  /** Begins to hang up every call that is due, or those of one instance, as when its session is back. */
  async hangUpDue(instanceId?: string): Promise<void> {
    // Not awaited, so that one session that is slow to send holds up no other.
    for (const call of await this.calls.due(this.clock.now(), instanceId)) {
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

  /** Without the database those that this process placed or took over are known all the same. */
  private async inProgress(instanceId: string | undefined): Promise<PlacedCall[]> {
    try {
      return await this.calls.live(instanceId === undefined ? undefined : [instanceId]);
    } catch (err) {
      this.log.error('The calls in progress could not be looked up', { err });
      return this.deadlines.watchedCalls(instanceId);
    }
  }
}
