import { Injectable } from '@nestjs/common';
import { OwnershipLost } from '../cluster/ownership.errors.js';
import { DatabaseUnavailable } from '../common/database/database-unavailable.js';
import type { InstanceRef } from '../instances/instance-values.js';
import type { OfferAcceptance } from '../whatsapp/whatsapp-signals.js';
import { OfferNotAcknowledged, OfferOutdated } from '../whatsapp/whatsapp.errors.js';
import { CallClock } from './call-clock.js';
import { CallDeadlines } from './call-deadlines.js';
import { CallHangUp } from './call-hang-up.js';
import { CallJournal } from './call-journal.js';
import { CallPreparation, type ReadyCall } from './call-preparation.js';
import { progress, type CallNews } from './call-progress.js';
import type { Call, PlacedCall } from './call.entity.js';
import { CallInstanceNotFound, ShuttingDown } from './calls.errors.js';
import type { FakeCallAnswer, FakeCallRequest } from './fake-call-request.js';
import { isKnownToBeSilent } from './placing-failure.js';

/** Places fake calls. */
@Injectable()
export class CallPlacement {
  private closed = false;

  constructor(
    private readonly preparation: CallPreparation,
    private readonly journal: CallJournal,
    private readonly hangUps: CallHangUp,
    private readonly deadlines: CallDeadlines,
    private readonly times: CallClock,
  ) {}

  /**
   * Answers as soon as WhatsApp accepted the offer; the call hangs up by itself. An offer that WhatsApp finds outdated
   * (479) is made once more.
   * @param beforeAsking runs when the call has a row and before WhatsApp is asked for anything
   * @throws what `CallPreparation` and `CallDraft.place` throw
   */
  async place(
    instance: InstanceRef,
    request: FakeCallRequest,
    beforeAsking?: (call: Call) => Promise<void>,
  ): Promise<FakeCallAnswer> {
    this.requireOpen();
    const admitted = await this.preparation.admit(instance, request);
    const attended = this.deadlines.attend(admitted.id);
    this.hangUps.announceOffer(admitted);
    try {
      const ready = await this.preparation.prepare(admitted, request, beforeAsking);
      const { callId, number, durationSeconds } = await this.offer(ready, (refusal) =>
        this.renew(ready, refusal),
      );
      return { callId, number, durationSeconds };
    } finally {
      this.hangUps.closeAnnouncement(admitted);
      attended.release();
    }
  }

  /** From here on no offer leaves; for shutdown. */
  close(): void {
    this.closed = true;
  }

  /**
   * Returns the call that took place.
   * @param renew what is done about an outdated offer; not given: it is refused for good
   */
  private async offer(
    { call, draft }: ReadyCall,
    renew?: (refusal: OfferOutdated) => Promise<PlacedCall>,
  ): Promise<PlacedCall> {
    let acceptance: OfferAcceptance;
    try {
      this.requireOpen();
      // Cancelled before anything left: the call has its end, and nobody is to hear of it.
      if (this.hangUps.closeAnnouncement(call)) return call;
      acceptance = await draft.place();
    } catch (error) {
      if (error instanceof OfferOutdated && renew) return renew(error);
      if (!isKnownToBeSilent(error)) await this.deadlines.stopPhones(call);
      if (await this.tookPlaceAnyway(call, error)) return call;
      throw error;
    }
    await this.onAccepted(call, acceptance);
    return call;
  }

  /** Once: what is still refused then is not for lack of news. */
  private async renew(refused: ReadyCall, refusal: OfferOutdated): Promise<PlacedCall> {
    this.hangUps.announceOffer(refused.call);
    let renewed: ReadyCall | undefined;
    try {
      renewed = await this.preparation.renew(refused, refusal);
    } catch (error) {
      await this.journal.failed(refused.call, error, this.times.now(refused.call.id));
      throw error;
    }
    return renewed ? this.offer(renewed) : refused.call;
  }

  private async onAccepted(call: PlacedCall, acceptance: OfferAcceptance): Promise<void> {
    const at = this.times.now(call.id);
    const news = { type: 'accepted', ...acceptance } as const;
    // The phones ring now. Whatever becomes of the write, this process knows when to stop them.
    this.deadlines.watch({ ...call, ...progress(call, news, at) });
    const accepted = await this.recordAccepted(call, news, at);
    if (accepted) return this.deadlines.watch(accepted);
    // Deleted together with its instance.
    this.deadlines.forget(call.id);
    await this.deadlines.stopPhones(call);
    throw new CallInstanceNotFound();
  }

  /**
   * The phones ring, so the client must hear of the call although it is only stored when the database is back, or another
   * process, which has just taken over, goes on with it.
   */
  private async recordAccepted(call: PlacedCall, news: CallNews, at: Date): Promise<Call | undefined> {
    try {
      return await this.journal.record(call, news, at);
    } catch (error) {
      if (!(error instanceof DatabaseUnavailable || error instanceof OwnershipLost)) throw error;
      return { ...call, ...progress(call, news, at) };
    }
  }

  /** Ends the call as failed; true when it had already come to its end, only the verdict of the server was missing. */
  private async tookPlaceAnyway(call: PlacedCall, error: unknown): Promise<boolean> {
    const failed = await this.journal.failed(call, error, this.times.now(call.id));
    this.deadlines.forget(call.id);
    return !failed && error instanceof OfferNotAcknowledged;
  }

  private requireOpen(): void {
    if (this.closed) throw new ShuttingDown();
  }
}
