import { randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { DatabaseUnavailable } from '../common/database/database-unavailable.js';
import { Clock } from '../common/time/clock.js';
import type { InstanceRef } from '../instances/instance-values.js';
import { SessionNotConnected, type OfferOutdated } from '../whatsapp/whatsapp.errors.js';
import { WhatsAppGateway, type CallDraft } from '../whatsapp/whatsapp.gateway.js';
import { dependsOnToken, limitsOf, refusalOf } from './call-admission.js';
import { CallClock } from './call-clock.js';
import { CallDeadlines } from './call-deadlines.js';
import { CallJournal } from './call-journal.js';
import { CallSlotsRepository } from './call-slots.repository.js';
import { plusMs, VERDICT_MS } from './call-times.js';
import { isPlaced, type Call, type PlacedCall } from './call.entity.js';
import type { PreparedCall } from './calls.repository.js';
import { numbersOf, type FakeCallRequest } from './fake-call-request.js';

/** A guess for `Retry-After`, used until the call is prepared; looking a callee up takes seconds. */
const PREPARATION_MS = 5_000;

/** A call that is stored with all it takes to hang it up, and has not left. */
export interface ReadyCall {
  readonly call: PlacedCall;
  readonly draft: CallDraft;
}

/** Brings a call to the point where its offer can leave. */
@Injectable()
export class CallPreparation {
  constructor(
    private readonly gateway: WhatsAppGateway,
    private readonly slots: CallSlotsRepository,
    private readonly journal: CallJournal,
    private readonly deadlines: CallDeadlines,
    private readonly times: CallClock,
    private readonly clock: Clock,
  ) {}

  /**
   * Lets the call in: from here on it has a slot and a row.
   * @throws SessionNotConnected, CallInstanceNotFound, TooManyCalls, WhatsAppRestricted, CallPacing, NumberCooldown,
   * DatabaseUnavailable
   */
  async admit(instance: InstanceRef, request: FakeCallRequest): Promise<Call> {
    const { id, isLinked } = instance;
    if (this.gateway.sessionState(id) !== 'connected')
      throw new SessionNotConnected(isLinked ? this.gateway.secondsUntilConnected(id) : undefined);
    const requestedAt = this.clock.now();
    const { number, durationSeconds, callee } = request;
    const asked = {
      instanceId: instance.id,
      admission: randomUUID(),
      number,
      sameNumbers: instance.numberCooldownSeconds > 0 ? numbersOf(callee) : [],
      durationSeconds,
      requestedAt,
      hangUpAt: plusMs(requestedAt, PREPARATION_MS + VERDICT_MS + durationSeconds * 1000),
    };
    const holdsToken =
      dependsOnToken(instance, requestedAt) && (await this.gateway.holdsTokenOf(instance.id, callee));
    try {
      const call = await this.slots.admit(asked, limitsOf(instance, requestedAt, holdsToken), (traffic) => {
        const firstEndInMs = this.deadlines.firstEndInMs(instance.id);
        return refusalOf(instance, { ...traffic, firstEndInMs }, requestedAt, holdsToken);
      });
      this.times.begin(call.id);
      return call;
    } catch (error) {
      if (error instanceof DatabaseUnavailable) void this.journal.withdraw(asked);
      throw error;
    }
  }

  /**
   * Asks WhatsApp for the callee and writes down the ring before anything leaves.
   * @param beforeAsking runs before WhatsApp is asked for anything
   * @throws SessionNotConnected, NumberNotRegistered, CalleeUnreachable, WhatsAppRestricted, WhatsAppTimeout
   */
  async prepare(
    admitted: Call,
    { callee, durationSeconds }: FakeCallRequest,
    beforeAsking?: (call: Call) => Promise<void>,
  ): Promise<ReadyCall> {
    try {
      await beforeAsking?.(admitted);
      const draft = await this.gateway.prepareCall(admitted.instanceId, callee);
      const now = this.times.now(admitted.id);
      const call = await this.journal.prepared(admitted, preparedFrom(draft, durationSeconds, now), now);
      // The row is gone with its instance, or was ended because the preparation took for ever.
      if (!call || !isPlaced(call)) throw new SessionNotConnected();
      this.times.name(call.id, call.callId);
      return { call, draft };
    } catch (error) {
      await this.journal.failed(admitted, error, this.times.now(admitted.id));
      throw error;
    }
  }

  /**
   * The same call once more, after its offer was refused for what may have changed since. `undefined`: it was ended
   * meanwhile.
   * @throws the refusal itself, when nothing newer can be learned
   */
  async renew({ call, draft }: ReadyCall, refusal: OfferOutdated): Promise<ReadyCall | undefined> {
    const next = await draft.renew().catch(() => Promise.reject(refusal));
    const now = this.times.now(call.id);
    const prepared = preparedFrom(next, call.durationSeconds, now);
    const renewed = await this.journal.renewed(call, refusal, prepared, now);
    if (!renewed || !isPlaced(renewed)) return undefined;
    this.times.name(renewed.id, renewed.callId);
    return { call: renewed, draft: next };
  }
}

function preparedFrom({ number, jid, ring }: CallDraft, durationSeconds: number, now: Date): PreparedCall {
  return { number, jid, ring, hangUpAt: plusMs(now, durationSeconds * 1000) };
}
