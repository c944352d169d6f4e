import { Injectable } from '@nestjs/common';
import { EventBus } from '../common/events/event-bus.js';
import { WhatsAppGateway } from '../whatsapp/whatsapp.gateway.js';
import { CallClock } from './call-clock.js';
import { CallHungUp } from './call-hung-up.event.js';
import { CallJournal } from './call-journal.js';
import type { CallNews } from './call-progress.js';
import type { Call, PlacedCall } from './call.entity.js';

/** Why we hang up. */
export type HangUpCause = Extract<CallNews, { type: 'hung_up' | 'cancelled' }>;

/** Ends calls from our side. */
@Injectable()
export class CallHangUp {
  /** Calls whose offer has not left yet: true when they were hung up before it could. */
  private readonly leaving = new Map<string, boolean>();

  constructor(
    private readonly gateway: WhatsAppGateway,
    private readonly journal: CallJournal,
    private readonly events: EventBus,
    private readonly times: CallClock,
  ) {}

  /**
   * Stops the phones, then records the end: a crash between the two only repeats the hang-up.
   * `undefined`: the call had already ended.
   * @throws SessionNotConnected
   */
  async hangUp(call: PlacedCall, cause: HangUpCause): Promise<Call | undefined> {
    const at = this.times.now(call.id);
    await this.holdingBack(call, () => this.stopPhones(call));
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

  /** The call will become visible before its offer leaves; a hang-up in between must hold the offer back. */
  announceOffer(call: Call): void {
    this.leaving.set(call.id, false);
  }

  /** True when the call was hung up since it was announced. The offer must leave at once or not at all. */
  closeAnnouncement(call: Call): boolean {
    const hungUp = this.leaving.get(call.id) ?? false;
    this.leaving.delete(call.id);
    return hungUp;
  }

  private async holdingBack(call: Call, stop: () => Promise<void>): Promise<void> {
    if (!this.leaving.has(call.id)) return stop();
    this.leaving.set(call.id, true);
    try {
      await stop();
    } catch (cause) {
      if (this.leaving.has(call.id)) this.leaving.set(call.id, false);
      throw cause;
    }
  }
}
