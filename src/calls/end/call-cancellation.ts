import { Injectable } from '@nestjs/common';
import { SessionNotConnected } from '../../whatsapp/whatsapp.errors.js';
import { CallClock } from '../call-clock.js';
import { CallDeadlines } from './call-deadlines.js';
import { CallHangUp } from './call-hang-up.js';
import { isPlaced, type Call, type PlacedCall } from '../store/call.entity.js';
import { CallAlreadyEnded, CallIsIncoming, CallNotFound } from '../errors.js';
import { CallJournal } from '../store/call-journal.js';
import { CallsRepository } from '../store/calls.repository.js';
import { IncomingCallsRepository } from '../incoming/incoming-calls.repository.js';

/** Ends calls early. */
@Injectable()
export class CallCancellation {
  constructor(
    private readonly calls: CallsRepository,
    private readonly incoming: IncomingCallsRepository,
    private readonly journal: CallJournal,
    private readonly hangUps: CallHangUp,
    private readonly deadlines: CallDeadlines,
    private readonly times: CallClock,
  ) {}

  /**
   * Without a connection the phones are stopped as soon as it is back, and the call then ends as cancelled.
   * @throws CallNotFound, CallIsIncoming, CallAlreadyEnded, SessionNotConnected
   */
  async cancel(instanceId: string, callId: string): Promise<void> {
    const call = await this.calls.findByCallId(instanceId, callId);
    if (!call) throw await this.refusalOf(instanceId, callId);
    if (call.state === 'ended') throw new CallAlreadyEnded();
    if (!isPlaced(call)) throw new CallNotFound();
    const ended = await this.hangUp(call);
    if (!ended) throw new CallAlreadyEnded();
    this.deadlines.forget(call.id);
  }

  private async refusalOf(instanceId: string, callId: string): Promise<Error> {
    const isIncoming = await this.incoming.findByCallId(instanceId, callId);
    return isIncoming ? new CallIsIncoming() : new CallNotFound();
  }

  private async hangUp(call: PlacedCall): Promise<Call | undefined> {
    try {
      return await this.hangUps.hangUp(call, { type: 'cancelled', reason: null });
    } catch (error) {
      if (error instanceof SessionNotConnected) {
        const brought = await this.journal.bringForward(call, this.times.now(call.id));
        // The timer knows the former deadline only.
        if (brought && isPlaced(brought)) this.deadlines.postpone(brought);
        else this.deadlines.forget(call.id);
      }
      throw error;
    }
  }
}
