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

  /** Must run before new calls are taken: whatever is alive then belongs to an earlier process. */
  async takeOver(now: Date): Promise<void> {
    await this.sweep.endUnplaced(now, 'Ringdrop stopped before the call was placed');
    const calls = await this.live.placed();
    // Calls that are overdue wait for their session; the sweep looks after them too.
    for (const call of calls.filter(({ hangUpAt }) => hangUpAt > now)) this.deadlines.watch(call);
    for (const call of calls) {
      this.unfollowed.set(call.instanceId, [...(this.unfollowed.get(call.instanceId) ?? []), call]);
    }
    for (const instanceId of [...this.unfollowed.keys()]) {
      if (this.gateway.sessionState(instanceId) === 'connected') await this.onConnected(instanceId);
    }
    if (calls.length > 0)
      this.log.info('Calls of an earlier process were taken over', { calls: calls.length });
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
