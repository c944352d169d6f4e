import { Injectable } from '@nestjs/common';
import { OwnershipLost } from '../../cluster/ownership.errors.js';
import { DatabaseUnavailable } from '../../common/database/database-unavailable.js';
import { Clock } from '../../common/time/clock.js';
import type { OfferAcceptance } from '../../whatsapp/whatsapp-signals.js';
import { OfferNotAcknowledged, OfferOutdated } from '../../whatsapp/whatsapp.errors.js';
import { WhatsAppGateway, type CallDraft } from '../../whatsapp/whatsapp.gateway.js';
import { CallClock } from '../call-clock.js';
import { plusMs } from '../call-times.js';
import type { PlaceCallArgs, PlaceCallResult } from '../commands.js';
import { CallDeadlines } from '../end/call-deadlines.js';
import { CallHangUp, type OfferHold } from '../end/call-hang-up.js';
import { CallInstanceNotFound, ShuttingDown } from '../errors.js';
import { IdempotentRequests } from '../idempotency/idempotent-requests.js';
import { rememberPlaced } from '../idempotency/remembered-answer.js';
import { CallJournal, type AdmittedCall } from '../store/call-journal.js';
import { progress } from '../store/call-progress.js';
import type { PlacedCall, PreparedCall } from '../store/call.entity.js';
import { CallAdmission, type CallSlot } from './call-admission.js';
import { fingerprintOf, type FakeCallRequest } from './fake-call.js';
import { isKnownToBeSilent } from './placing-failure.js';

/** Places fake calls, in the process that holds the instance. */
@Injectable()
export class PlaceCall {
  private closed = false;

  constructor(
    private readonly requests: IdempotentRequests,
    private readonly admission: CallAdmission,
    private readonly gateway: WhatsAppGateway,
    private readonly journal: CallJournal,
    private readonly hangUps: CallHangUp,
    private readonly deadlines: CallDeadlines,
    private readonly times: CallClock,
    private readonly clock: Clock,
  ) {}

  /**
   * Answers as soon as WhatsApp accepted the offer; the call hangs up by itself. A request with the idempotency key of an earlier one
   * is answered as that one was, failures included.
   * @throws IdempotencyMismatch, IdempotencyInProgress, ShuttingDown, and what `CallAdmission.admit`,
   * `WhatsAppGateway.prepareCall` and `CallDraft.place` throw
   */
  async run(
    instanceId: string,
    { request, idempotencyKey }: Pick<PlaceCallArgs, 'request' | 'idempotencyKey'>,
  ): Promise<PlaceCallResult> {
    const key = idempotencyKey === null ? undefined : { instanceId, key: idempotencyKey };
    const known = key && (await this.requests.claim(key, fingerprintOf(request)));
    if (known) return { answer: known, replayed: true };
    try {
      const { callId, number, durationSeconds } = await this.place(instanceId, request, idempotencyKey);
      const answer = rememberPlaced({ callId, number, durationSeconds });
      if (key) await this.requests.complete(key, answer);
      return { answer, replayed: false };
    } catch (error) {
      if (key) await this.requests.failed(key, error);
      throw error;
    }
  }

  /** From here on no offer leaves; for shutdown. */
  close(): void {
    this.closed = true;
  }

  /** Returns the call that took place. */
  private async place(
    instanceId: string,
    request: FakeCallRequest,
    idempotencyKey: string | null,
  ): Promise<PlacedCall> {
    this.requireOpen();
    const slot = await this.admission.admit(instanceId, request);
    try {
      const { number, durationSeconds } = request;
      const admitted = { instanceId, number, durationSeconds, requestedAt: slot.requestedAt, idempotencyKey };
      const draft = await this.prepare(admitted, request, slot);
      const hold = this.hangUps.holdOffer(draft.ring.callId);
      try {
        const call = await this.store(admitted, draft, slot);
        return await this.offer(call, draft, hold);
      } finally {
        hold.release();
      }
    } finally {
      slot.close();
    }
  }

  /** Looks the callee up and encrypts the key. A failure is kept as a call, unless it is as if nothing had been asked for. */
  private async prepare(
    admitted: AdmittedCall,
    { callee }: FakeCallRequest,
    slot: CallSlot,
  ): Promise<CallDraft> {
    try {
      return await this.gateway.prepareCall(admitted.instanceId, callee);
    } catch (error) {
      if (await this.journal.unplaced(admitted, error, this.clock.now())) slot.stored();
      throw error;
    }
  }

  /** Writes the row with all it takes to hang up. From here on others see the call. */
  private async store(admitted: AdmittedCall, draft: CallDraft, slot: CallSlot): Promise<PlacedCall> {
    const { instanceId, durationSeconds } = admitted;
    try {
      for (;;) {
        const now = this.clock.now();
        const prepared = preparedFrom(draft, durationSeconds, now);
        const call = await this.journal.placed({ ...admitted, ...prepared }, slot.instance, now);
        if (call) {
          slot.stored();
          this.times.begin(call.id);
          this.times.name(call.id, call.callId);
          return call;
        }
        // The limits of the instance were changed since the call was let in.
        await slot.review();
      }
    } catch (error) {
      // The row of the owner goes with the instance.
      if (error instanceof OwnershipLost) await this.admission.requireInstance(instanceId);
      throw error;
    }
  }

  /** Sends the offer and waits for the verdict of the server. One that WhatsApp finds outdated (479) is made once more. */
  private async offer(
    call: PlacedCall,
    draft: CallDraft,
    hold: OfferHold,
    isRenewed = false,
  ): Promise<PlacedCall> {
    let acceptance: OfferAcceptance;
    try {
      this.requireOpen();
      // Hung up before anything left: the call has its end, and nobody is to hear of it.
      if (hold.open() === 'hung_up') return call;
      acceptance = await draft.place();
    } catch (error) {
      if (error instanceof OfferOutdated && !isRenewed) return this.offerAgain(call, draft, hold, error);
      if (!isKnownToBeSilent(error)) await this.deadlines.stopPhones(call);
      const isEndedHere = await this.journal.failed(call, error, this.times.now(call.id));
      this.deadlines.forget(call.id);
      // It had come to its end before, only the verdict of the server was missing.
      if (!isEndedHere && error instanceof OfferNotAcknowledged) return call;
      throw error;
    }
    await this.accepted(call, acceptance);
    return call;
  }

  /** Another offer of the same call: what is still refused then is not refused for outdated data. */
  private async offerAgain(
    call: PlacedCall,
    draft: CallDraft,
    hold: OfferHold,
    refusal: OfferOutdated,
  ): Promise<PlacedCall> {
    hold.close();
    let next: CallDraft;
    let renewed: PlacedCall | undefined;
    try {
      next = await draft.renew().catch(() => Promise.reject(refusal));
      hold.alsoFor(next.ring.callId);
      const now = this.times.now(call.id);
      renewed = await this.journal.renewed(call, refusal, preparedFrom(next, call.durationSeconds, now), now);
    } catch (error) {
      await this.journal.failed(call, error, this.times.now(call.id));
      throw error;
    }
    // It was ended meanwhile.
    if (!renewed) return call;
    this.times.name(renewed.id, renewed.callId);
    return this.offer(renewed, next, hold, true);
  }

  /** The phones ring now: whatever becomes of the write, this process knows when to stop them. */
  private async accepted(call: PlacedCall, acceptance: OfferAcceptance): Promise<void> {
    const at = this.times.now(call.id);
    const step = { type: 'accepted', ...acceptance } as const;
    this.deadlines.watch({ ...call, ...progress(call, step, at) });
    try {
      const accepted = await this.journal.record(call, step, at);
      if (accepted) return this.deadlines.watch(accepted);
    } catch (error) {
      // It is stored when the database is back, or another process, which has just taken over, goes on with it.
      if (error instanceof DatabaseUnavailable || error instanceof OwnershipLost) return;
      throw error;
    }
    // Deleted together with its instance.
    this.deadlines.forget(call.id);
    await this.deadlines.stopPhones(call);
    throw new CallInstanceNotFound();
  }

  private requireOpen(): void {
    if (this.closed) throw new ShuttingDown();
  }
}

function preparedFrom({ number, jid, ring }: CallDraft, durationSeconds: number, now: Date): PreparedCall {
  return { number, jid, ring, hangUpAt: plusMs(now, durationSeconds * 1000) };
}
