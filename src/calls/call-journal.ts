import { Injectable } from '@nestjs/common';
import { OwnershipLost } from '../cluster/ownership.errors.js';
import { DatabaseUnavailable } from '../common/database/database-unavailable.js';
import { DeferredWrites } from '../common/database/deferred-writes.js';
import { EventBus } from '../common/events/event-bus.js';
import { Log } from '../common/logging/log.js';
import { Clock } from '../common/time/clock.js';
import { CallChanged } from './call-changed.event.js';
import { callEvent } from './call-event.js';
import { progress, type CallNews } from './call-progress.js';
import type { Call } from './call.entity.js';
import type { CallRequest } from './call-slots.repository.js';
import { CallsRepository, type PreparedCall } from './calls.repository.js';
import type { OfferOutdated } from '../whatsapp/whatsapp.errors.js';
import { newsOfFailure, reasonOfNoCall } from './placing-failure.js';

/**
 * Writes down what happens to calls, each thing once and together with the event that reports it, and tells it on. What has
 * happened already is written as soon as the database is back when it is away.
 */
@Injectable()
export class CallJournal {
  /** By the id on the wire, so that the order in which things happened to a call is kept. */
  private readonly writes: DeferredWrites;

  constructor(
    private readonly calls: CallsRepository,
    private readonly events: EventBus,
    clock: Clock,
    private readonly log: Log,
  ) {
    this.writes = new DeferredWrites(clock, log);
  }

  /** The call is ready and about to leave. `undefined`: it is no longer being prepared. */
  async prepared(call: Call, prepared: PreparedCall, at: Date): Promise<Call | undefined> {
    const { number, jid, ring } = prepared;
    const event = callEvent({ ...call, number, jid, callId: ring.callId }, at);
    const changed = await this.calls.attachRing(call, prepared, event);
    if (changed) await this.events.publish(new CallChanged(changed.instanceId, changed));
    return changed;
  }

  /**
   * The offer was refused and leaves once more, under another id. `undefined`: the call has ended meanwhile.
   * Whoever was told of the first id hears what became of it.
   */
  async renewed(
    call: Call,
    failure: OfferOutdated,
    prepared: PreparedCall,
    at: Date,
  ): Promise<Call | undefined> {
    const { number, jid, ring } = prepared;
    const reason = failure.message;
    const changes = progress(call, { type: 'refused', failureCode: failure.failureCode, reason }, at);
    const refused = { ...call, ...changes };
    const event = callEvent({ ...call, number, jid, callId: ring.callId }, at);
    const changed = await this.calls.attachRing(call, prepared, event, callEvent(refused, at));
    if (!changed) return undefined;
    await this.events.publish(new CallChanged(call.instanceId, refused));
    await this.events.publish(new CallChanged(changed.instanceId, changed));
    return changed;
  }

  /**
   * Records the news. `undefined`: the call is gone, or the news is late, repeated or out of order.
   * @throws DatabaseUnavailable; the news is recorded later. OwnershipLost; another process goes on with the call
   */
  record(call: Call, news: CallNews, at: Date): Promise<Call | undefined> {
    return this.writes.run(keyOf(call), () => this.recordNow(call, news, at));
  }

  /**
   * Ends a call that could not be placed, or forgets it when nothing reached WhatsApp. Never rejects, so that the
   * failure itself is what is told; a row that stays behind is ended by the sweep.
   * False: the call had already ended.
   */
  async failed(call: Call, error: unknown, at: Date): Promise<boolean> {
    try {
      const news = newsOfFailure(error);
      if (news) return (await this.record(call, news, at)) !== undefined;
      await this.writes.run(keyOf(call), () => this.forget(call, error, at));
    } catch (err) {
      // It is forgotten later, or ended by whoever holds the instance now.
      if (err instanceof DatabaseUnavailable || err instanceof OwnershipLost) return true;
      this.log.error('The failure of a call could not be stored', { instanceId: call.instanceId, err });
    }
    return true;
  }

  /** Takes back an admission of which nobody knows whether it was stored; nothing came of it. Never rejects. */
  async withdraw({ instanceId, admission }: CallRequest): Promise<void> {
    try {
      await this.writes.run(`admission ${admission}`, () => this.calls.withdraw(instanceId, admission));
    } catch (err) {
      // It is taken back later, or ended by whoever holds the instance now.
      if (err instanceof DatabaseUnavailable || err instanceof OwnershipLost) return;
      this.log.error('The admission of a call could not be taken back', { instanceId, err });
    }
  }

  /** As `record`, for a call that is known by its id on the wire. */
  recordOnWire(instanceId: string, callId: string, news: CallNews, at: Date): Promise<Call | undefined> {
    return this.writes.run(callId, async () => {
      const call = await this.calls.findByCallId(instanceId, callId);
      return call && this.recordNow(call, news, at);
    });
  }

  /** Gives up what waits for the database; what is under way is finished. */
  async stop(): Promise<void> {
    await this.writes.stop();
  }

  /** As often as it takes when others write at the same time. */
  private async recordNow(call: Call, news: CallNews, at: Date): Promise<Call | undefined> {
    let current: Call | undefined = call;
    while (current) {
      const changes = progress(current, news, at);
      if (!changes) return undefined;
      const event = changes.state === current.state ? undefined : callEvent({ ...current, ...changes }, at);
      const changed = await this.calls.change(current, changes, event);
      if (changed) {
        if (changed.state !== current.state) {
          await this.events.publish(new CallChanged(changed.instanceId, changed));
        }
        return changed;
      }
      current = await this.calls.findByRowId(current.instanceId, current.id);
    }
    return undefined;
  }

  private async forget(call: Call, error: unknown, at: Date): Promise<void> {
    // Whoever was told that the call is about to leave must hear that it did not.
    const failureReason = reasonOfNoCall(error);
    const ended = { ...call, state: 'ended', outcome: 'failed', failureReason, endedAt: at } as const;
    const removed = await this.calls.remove(call, callEvent(ended, at));
    if (!removed || call.callId === null) return;
    await this.events.publish(new CallChanged(call.instanceId, ended));
  }
}

function keyOf({ callId, id }: Call): string {
  return callId ?? `row ${id}`;
}
