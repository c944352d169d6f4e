import { Injectable } from '@nestjs/common';
import { OwnershipLost } from '../../cluster/ownership.errors.js';
import { Log } from '../../common/logging/log.js';
import { WhatsAppGateway } from '../../whatsapp/whatsapp.gateway.js';
import { CallJournal } from '../store/call-journal.js';
import type { PlacedCall } from '../store/call.entity.js';
import { CallsRepository } from '../store/calls.repository.js';
import { CallDeadlines } from './call-deadlines.js';
import { CallSweep } from './call-sweep.js';

/** Takes over the calls that an earlier process left behind, and hangs up what fell due without a connection. */
@Injectable()
export class CallTakeover {
  /** Calls of an earlier process whose signals nobody follows yet, by instance. */
  private readonly unfollowed = new Map<string, PlacedCall[]>();

  constructor(
    private readonly calls: CallsRepository,
    private readonly journal: CallJournal,
    private readonly deadlines: CallDeadlines,
    private readonly sweep: CallSweep,
    private readonly gateway: WhatsAppGateway,
    private readonly log: Log,
  ) {}

  /** Whatever is alive on these instances and is not known here belongs to an earlier process. May be repeated. */
  async takeOver(instanceIds: readonly string[], now: Date): Promise<void> {
    await this.endUnplaced(instanceIds, now);
    const found = await this.calls.live(instanceIds);
    const calls = found.filter((call) => !this.deadlines.isTimedHere(call));
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
      this.journal.forget(instanceId);
      for (const call of this.deadlines.watchedCalls(instanceId)) this.deadlines.forget(call.id);
    }
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

  private async endUnplaced(instanceIds: readonly string[], at: Date): Promise<void> {
    const reason = 'Ringdrop stopped before the call was placed';
    for (const call of await this.calls.unplaced(instanceIds)) {
      try {
        await this.journal.record(call, { type: 'failed', reason }, at);
      } catch (err) {
        if (!(err instanceof OwnershipLost)) throw err;
      }
    }
  }
}
