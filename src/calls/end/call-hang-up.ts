import { Injectable } from '@nestjs/common';
import { EventBus } from '../../common/events/event-bus.js';
import { WhatsAppGateway } from '../../whatsapp/whatsapp.gateway.js';
import { CallClock } from '../call-clock.js';
import type { CallStep } from '../call-state.js';
import { CallHungUp } from '../events.js';
import { CallJournal } from '../store/call-journal.js';
import type { Call, PlacedCall } from '../store/call.entity.js';

/** Why we hang up. */
export type HangUpCause = Extract<CallStep, { type: 'hung_up' | 'cancelled' }>;

/** Holds an offer back: others see its call before it leaves, and may hang up meanwhile. */
export class OfferHold {
  private isClosed = true;
  private isHungUp = false;
  private readonly callIds = new Set<string>();

  constructor(
    private readonly holds: Map<string, OfferHold>,
    callId: string,
  ) {
    this.alsoFor(callId);
  }

  /** The call goes by this id on the wire, too. */
  alsoFor(callId: string): void {
    this.callIds.add(callId);
    this.holds.set(callId, this);
  }

  /** The offer must leave at once, or not at all when the call was hung up. */
  open(): 'leaves' | 'hung_up' {
    this.isClosed = false;
    return this.isHungUp ? 'hung_up' : 'leaves';
  }

  /** Another offer is about to leave. */
  close(): void {
    this.isClosed = true;
    this.isHungUp = false;
  }

  /** The call is placed, or will not be. */
  release(): void {
    for (const callId of this.callIds) this.holds.delete(callId);
  }

  /** Stops the phones; if that succeeds, an offer that is held back does not leave. */
  async hangUp(stop: () => Promise<void>): Promise<void> {
    if (!this.isClosed) return stop();
    this.isHungUp = true;
    try {
      await stop();
    } catch (cause) {
      if (this.isClosed) this.isHungUp = false;
      throw cause;
    }
  }
}

/** Ends calls from our side. */
@Injectable()
export class CallHangUp {
  /** Of the calls that are being placed here, by their ids on the wire. */
  private readonly holds = new Map<string, OfferHold>();

  constructor(
    private readonly gateway: WhatsAppGateway,
    private readonly journal: CallJournal,
    private readonly events: EventBus,
    private readonly times: CallClock,
  ) {}

  /** Call it before others can see the call, and release it when the call is placed. */
  holdOffer(callId: string): OfferHold {
    return new OfferHold(this.holds, callId);
  }

  /** The call is being placed here: nobody may take it for one that was left behind. */
  isBeingPlaced({ callId }: Call): boolean {
    return callId !== null && this.holds.has(callId);
  }

  /**
   * Stops the phones, then records the end: a crash between the two only repeats the hang-up.
   * `undefined`: the call had already ended.
   * @throws SessionNotConnected
   */
  async hangUp(call: PlacedCall, cause: HangUpCause): Promise<Call | undefined> {
    const at = this.times.now(call.id);
    const hold = this.holds.get(call.callId);
    await (hold ? hold.hangUp(() => this.stopPhones(call)) : this.stopPhones(call));
    if (cause.type === 'hung_up')
      await this.events.publish(new CallHungUp(call.hangUpAt, this.times.now(call.id)));
    return this.journal.record(call, cause, at);
  }

  /**
   * Stops the phones of a call and records nothing.
   * @throws SessionNotConnected
   */
  async stopPhones({ instanceId, ring }: PlacedCall): Promise<void> {
    await this.gateway.hangUp(instanceId, ring);
  }

  /** Records that no phone rings any more although nobody could hang up. */
  async giveUp(call: PlacedCall, reason: string): Promise<void> {
    await this.journal.record(call, { type: 'failed', reason }, this.times.now(call.id));
  }
}
