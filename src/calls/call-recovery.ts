import { Injectable } from '@nestjs/common';
import { Log } from '../common/logging/log.js';
import { WhatsAppGateway } from '../whatsapp/whatsapp.gateway.js';
import { CallDeadlines } from './call-deadlines.js';
import { CallSweep } from './call-sweep.js';
import type { PlacedCall } from './call.entity.js';
import { LiveCallsRepository } from './live-calls.repository.js';

/** Takes over the calls that an earlier process left behind, and hangs up what fell due without a connection. */
@Injectable()
export class CallRecovery {
  /** Calls of an earlier process whose signals nobody follows yet, by instance. */
  private readonly unfollowed = new Map<string, PlacedCall[]>();

  constructor(
    private readonly live: LiveCallsRepository,
    private readonly deadlines: CallDeadlines,
    private readonly sweep: CallSweep,
    private readonly gateway: WhatsAppGateway,
    private readonly log: Log,
  ) {}

  /** Whatever is alive on these instances and was requested before `now` belongs to an earlier process. May be repeated. */
  async takeOver(instanceIds: readonly string[], now: Date): Promise<void> {
    await this.sweep.endUnplaced(now, 'Ringdrop stopped before the call was placed', instanceIds);
    const found = await this.live.placed(instanceIds);
    const calls = found.filter(({ id }) => !this.deadlines.isTimedHere(id));
    // Calls that are overdue wait for their session; the sweep looks after them too.
    for (const call of calls.filter(({ hangUpAt }) => hangUpAt > now)) this.deadlines.watch(call);
    const instances = new Set(calls.map(({ instanceId }) => instanceId));
    for (const instanceId of instances) {
      this.unfollowed.set(
        instanceId,
        calls.filter((call) => call.instanceId === instanceId),
      );
      if (this.gateway.sessionState(instanceId) === 'connected') await this.onConnected(instanceId);
    }
    if (calls.length > 0)
      this.log.info('Calls of an earlier process were taken over', { calls: calls.length });
  }

  /** Another process goes on with the calls of these instances. */
  forget(instanceIds: readonly string[]): void {
    for (const instanceId of instanceIds) {
      this.unfollowed.delete(instanceId);
      for (const call of this.deadlines.watchedCalls(instanceId)) this.deadlines.forget(call.id);
    }
  }

  /** Hangs up what rings here while it can still be done, because nobody may be there in time to do it later. */
  async hangUpInTime(reason: string): Promise<void> {
    await Promise.all(this.deadlines.watchedCalls().map((call) => this.deadlines.cancel(call, reason)));
  }

  /** The session is there (again): its calls can be followed and hung up. */
  async onConnected(instanceId: string): Promise<void> {
    const calls = this.unfollowed.get(instanceId) ?? [];
    this.unfollowed.delete(instanceId);
    for (const call of calls) {
      this.gateway.followCall(instanceId, call.ring);
      // The sweep leaves time for the server's verdict, which nobody can learn any more; a deadline in the past is now.
      this.deadlines.watch(call);
    }
    await this.sweep.hangUpDue(instanceId);
  }
}
