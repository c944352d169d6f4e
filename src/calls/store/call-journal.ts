import { Injectable } from '@nestjs/common';
import { OwnershipLost } from '../../cluster/ownership.errors.js';
import { DatabaseUnavailable } from '../../common/database/database-unavailable.js';
import { DeferredWrites } from '../../common/database/deferred-writes.js';
import { EventBus } from '../../common/events/event-bus.js';
import { Log } from '../../common/logging/log.js';
import { Clock } from '../../common/time/clock.js';
import type { InstanceRef } from '../../instances/instance-values.js';
import type { OfferOutdated } from '../../whatsapp/whatsapp.errors.js';
import type { WebhookEvent } from '../../common/events/webhook-event.js';
import { CallChanged } from '../events.js';
import { reasonOfNoCall, stepOfFailure } from '../place/placing-failure.js';
import type { CallStep } from '../call-state.js';
import { callEvent } from './call-event.js';
import { endingOfFailure, progress, type CallChanges } from './call-progress.js';
import {
  isPlaced,
  placedCall,
  type Call,
  type PlacedCall,
  type NewCall,
  type PreparedCall,
} from './call.entity.js';
import { CallsRepository } from './calls.repository.js';

/** Something that happened to a call and is to be written. */
interface QueuedStep {
  readonly step: CallStep;
  readonly at: Date;
  /** The call after it; `undefined`: it changed nothing. */
  result?: Call;
}

/** A request that was admitted and has no call yet. */
export type AdmittedCall = Pick<
  NewCall,
  'instanceId' | 'number' | 'durationSeconds' | 'requestedAt' | 'idempotencyKey'
>;

/**
 * Writes what happens to calls, each thing once and together with the event that reports it, and publishes it. What has
 * happened already is written as soon as the database is back when it is away.
 */
@Injectable()
export class CallJournal {
  /** By the id on the wire, so that the order in which things happened to a call is kept. */
  private readonly writes: DeferredWrites;
  /** Live calls as they were written last, by their ids on the wire. A write of another process is noticed by its compare-and-set. */
  private readonly latest = new Map<string, Call>();
  /** What has happened to calls and is not written, in order, by the keys of the writes. */
  private readonly queued = new Map<string, QueuedStep[]>();

  constructor(
    private readonly calls: CallsRepository,
    private readonly events: EventBus,
    clock: Clock,
    private readonly log: Log,
  ) {
    this.writes = new DeferredWrites(clock, log);
  }

  /**
   * The call is ready and about to leave. `undefined`: the limits of the instance are other ones than given.
   * @throws DatabaseUnavailable: if it was stored all the same, it is removed later. OwnershipLost
   */
  async placed(call: NewCall, limits: InstanceRef, at: Date): Promise<PlacedCall | undefined> {
    const row = placedCall(call, '');
    const event = callEvent(row, at);
    if (!event) throw new TypeError('A call that is about to leave has an event');
    let placed: PlacedCall | undefined;
    try {
      placed = await this.calls.place(call, limits, event);
    } catch (error) {
      if (error instanceof DatabaseUnavailable) void this.withdraw(row, error, at);
      throw error;
    }
    if (placed) await this.publish(placed);
    return placed;
  }

  /**
   * A call that was given up before it was ready to leave. Never rejects.
   * False: nothing is kept, because nothing reached WhatsApp.
   */
  async unplaced(call: AdmittedCall, error: unknown, at: Date): Promise<boolean> {
    const failure = stepOfFailure(error);
    if (!failure) return false;
    const { instanceId, idempotencyKey } = call;
    const ending = { failureCode: null, failureReason: null, ...endingOfFailure(failure) };
    try {
      await this.writes.run(`unplaced ${instanceId} ${at.getTime()}`, async () => {
        const added = await this.calls.addUnplaced({ ...call, ...ending, endedAt: at }, idempotencyKey);
        if (added) await this.publish(added);
      });
    } catch (err) {
      this.logLost('The failure of a call could not be stored', instanceId, err);
    }
    return true;
  }

  /**
   * The offer was refused and leaves once more, under another id. `undefined`: the call has ended meanwhile.
   * Whoever heard of the first id hears what became of it.
   */
  async renewed(
    call: PlacedCall,
    failure: OfferOutdated,
    prepared: PreparedCall,
    at: Date,
  ): Promise<PlacedCall | undefined> {
    const { number, jid, ring } = prepared;
    const reason = failure.message;
    const changes = progress(call, { type: 'refused', failureCode: failure.failureCode, reason }, at);
    const refused = { ...call, ...changes };
    const renewed = { ...call, number, jid, callId: ring.callId };
    const events = [callEvent(refused, at), callEvent(renewed, at)].filter((event) => event !== undefined);
    const changed = await this.calls.replaceOffer(call, prepared, events);
    if (!changed || !isPlaced(changed)) return undefined;
    await this.publish(refused);
    await this.publish(changed);
    return changed;
  }

  /**
   * Records what happened. `undefined`: the call is gone, or the step is late, repeated or out of order.
   * @throws DatabaseUnavailable; it is recorded later. OwnershipLost; another process goes on with the call
   */
  record(call: Call, step: CallStep, at: Date): Promise<Call | undefined> {
    return this.enqueue(keyOf(call), { step, at }, () => Promise.resolve(call));
  }

  /** As `record`, for a call that is known by its id on the wire. */
  recordOnWire(instanceId: string, callId: string, step: CallStep, at: Date): Promise<Call | undefined> {
    return this.enqueue(callId, { step, at }, () => {
      const known = this.latest.get(callId);
      return known?.instanceId === instanceId
        ? Promise.resolve(known)
        : this.calls.findByCallId(instanceId, callId);
    });
  }

  /**
   * Ends a call whose offer failed, or forgets it when nothing reached WhatsApp. Never rejects, so that the
   * failure itself is what is answered; a row that stays behind is ended by the sweep.
   * False: the call had already ended.
   */
  async failed(call: PlacedCall, error: unknown, at: Date): Promise<boolean> {
    try {
      const step = stepOfFailure(error);
      if (step) return (await this.record(call, step, at)) !== undefined;
      await this.writes.run(keyOf(call), () => this.remove(call, error, at));
    } catch (err) {
      this.logLost('The failure of a call could not be stored', call.instanceId, err);
    }
    return true;
  }

  /** Moves the hang-up of a live call forward to `at`. `undefined`: it has ended, or is gone. */
  async bringForward(call: Call, at: Date): Promise<Call | undefined> {
    const brought = await this.calls.bringForward(call, at);
    if (brought) this.remember(brought);
    return brought;
  }

  /** Another process goes on with the calls of this instance. */
  forget(instanceId: string): void {
    for (const [key, call] of this.latest) if (call.instanceId === instanceId) this.latest.delete(key);
  }

  /** Gives up what waits for the database; what is under way is finished. */
  async stop(): Promise<void> {
    await this.writes.stop();
  }

  /** Removes a call of which nobody knows whether it was stored; its offer has not left. Never rejects. */
  private async withdraw(call: PlacedCall, error: unknown, at: Date): Promise<void> {
    try {
      await this.writes.run(keyOf(call), async () => {
        // The server may still be busy with it, so that the next statement sees what came of it.
        await this.calls.settled(call.instanceId);
        await this.remove(call, error, at);
      });
    } catch (err) {
      this.logLost('A call that was not placed could not be removed', call.instanceId, err);
    }
  }

  /** What happens to a call while it is being written is written together, each step with its event. */
  private enqueue(
    key: string,
    step: QueuedStep,
    find: () => Promise<Call | undefined>,
  ): Promise<Call | undefined> {
    const queued = this.queued.get(key) ?? [];
    this.queued.set(key, queued);
    queued.push(step);
    return this.writes.run(key, async () => {
      if (queued.includes(step)) await this.writeQueued(key, queued, await find());
      return step.result;
    });
  }

  /** As often as it takes when others write at the same time. */
  private async writeQueued(key: string, queued: QueuedStep[], call: Call | undefined): Promise<void> {
    const steps = [...queued];
    let current = this.latest.get(key) ?? call;
    while (current) {
      const { after, changes, events } = advance(current, steps);
      const changed = changes && (await this.calls.change(current, changes, events));
      if (!changes || changed) {
        if (changed) this.remember(changed);
        const moved = after.filter((one, index) => one.state !== (after[index - 1] ?? current)?.state);
        for (const one of moved) await this.events.publish(new CallChanged(one.instanceId, one));
        break;
      }
      current = await this.calls.findByRowId(current.instanceId, current.id);
    }
    queued.splice(0, steps.length);
    if (queued.length === 0) this.queued.delete(key);
  }

  /** Whoever heard that the call is about to leave must hear that it did not. */
  private async remove(call: PlacedCall, error: unknown, at: Date): Promise<void> {
    const failureReason = reasonOfNoCall(error);
    const ended = { ...call, state: 'ended', outcome: 'failed', failureReason, endedAt: at } as const;
    const removed = await this.calls.remove(call, callEvent(ended, at));
    this.latest.delete(call.callId);
    if (removed) await this.publish({ ...ended, id: removed.id });
  }

  private async publish(call: Call): Promise<void> {
    this.remember(call);
    await this.events.publish(new CallChanged(call.instanceId, call));
  }

  private remember(call: Call): void {
    if (call.state === 'ended') this.latest.delete(keyOf(call));
    else this.latest.set(keyOf(call), call);
  }

  /** What waits for the database is stored later, or ended by whoever holds the instance now. */
  private logLost(sentence: string, instanceId: string, err: unknown): void {
    if (err instanceof DatabaseUnavailable || err instanceof OwnershipLost) return;
    this.log.error(sentence, { instanceId, err });
  }
}

function keyOf({ callId, id }: Call): string {
  return callId ?? `row ${id}`;
}

/** What the steps make of the call, one after another; `undefined` changes: nothing. Each step gets its result. */
function advance(call: Call, steps: readonly QueuedStep[]) {
  const after: Call[] = [];
  const events: WebhookEvent[] = [];
  let changes: CallChanges | undefined;
  let current = call;
  for (const queued of steps) {
    const more = progress(current, queued.step, queued.at);
    delete queued.result;
    if (!more) continue;
    const next = { ...current, ...more };
    const event = next.state === current.state ? undefined : callEvent(next, queued.at);
    if (event) events.push(event);
    changes = { ...changes, ...more };
    queued.result = next;
    after.push(next);
    current = next;
  }
  return { after, changes, events };
}
