import { randomUUID } from 'node:crypto';
import type { DataSource } from 'typeorm';
import type { AdmissionLimits } from '../../src/calls/call-admission.js';
import { CallSlotsRepository, type CallRequest } from '../../src/calls/call-slots.repository.js';
import type { Call } from '../../src/calls/call.entity.js';
import { CallListsRepository } from '../../src/calls/call-lists.repository.js';
import { CallsRepository } from '../../src/calls/calls.repository.js';
import { incomingCallEvent } from '../../src/calls/incoming-call-event.js';
import type { IncomingEnd } from '../../src/calls/incoming-call.js';
import { IncomingCallsRepository } from '../../src/calls/incoming-calls.repository.js';
import type { IncomingCallSignal } from '../../src/whatsapp/whatsapp-signals.js';
import { fencedWrites } from '../support/test-ownership.js';
import { newAccount } from './instances-stage.js';

export const start = new Date('2026-01-01T00:00:00.123Z');

export function later(seconds: number): Date {
  return new Date(start.getTime() + seconds * 1000);
}

/** Nothing keeps a call out. */
export const OPEN: AdmissionLimits = { liveCalls: 100, lastCallBy: null, lastCallToNumberBy: null };

/** The tables of calls with one instance to call from. */
export class CallsStage {
  readonly slots: CallSlotsRepository;
  readonly calls: CallsRepository;
  readonly lists: CallListsRepository;
  readonly incoming: IncomingCallsRepository;
  private lastRing = 0;

  private constructor(
    private readonly dataSource: DataSource,
    readonly instanceId: string,
  ) {
    this.slots = new CallSlotsRepository(dataSource, fencedWrites(dataSource));
    this.calls = new CallsRepository(dataSource, fencedWrites(dataSource));
    this.lists = new CallListsRepository(dataSource);
    this.incoming = new IncomingCallsRepository(dataSource, fencedWrites(dataSource));
  }

  static async on(dataSource: DataSource): Promise<CallsStage> {
    return new CallsStage(dataSource, await newInstance(dataSource));
  }

  /** Another instance, of another account. */
  newInstance(): Promise<string> {
    return newInstance(this.dataSource);
  }

  request(more: Partial<CallRequest> = {}): CallRequest {
    return {
      instanceId: this.instanceId,
      admission: randomUUID(),
      number: '5511999999999',
      sameNumbers: [],
      durationSeconds: 8,
      requestedAt: start,
      hangUpAt: later(28),
      ...more,
    };
  }

  /** A call that is being prepared. */
  admitted(more: Partial<CallRequest> = {}): Promise<Call> {
    return this.slots.admit(this.request(more), OPEN, () => undefined);
  }

  /** A call whose offer is about to leave. */
  async placed(more: Partial<CallRequest> = {}): Promise<Call> {
    const call = await this.admitted(more);
    const callId = `00${call.instanceId.slice(0, 8)}${String(++this.lastRing).padStart(22, '0')}`;
    const ring = { callId, creator: '1:2@lid', devices: ['7@lid'], offerStanzaId: 'offer' };
    const prepared = { number: call.number, jid: '7@lid', ring, hangUpAt: call.hangUpAt };
    const stored = await this.calls.attachRing(call, prepared);
    if (!stored) throw new Error('the call is no longer being prepared');
    return stored;
  }

  /** An incoming call, with its event. @param end how it ended, if it has */
  async called(
    more: Partial<Extract<IncomingCallSignal, { type: 'incoming_call' }>> = {},
    end?: IncomingEnd,
  ): Promise<void> {
    const signal = incomingCall(this.instanceId, more);
    await this.incoming.record(incomingCallEvent(signal), signal, end);
  }
}

/** Somebody calls. */
export function incomingCall(
  instanceId: string,
  more: Partial<Extract<IncomingCallSignal, { type: 'incoming_call' }>> = {},
): IncomingCallSignal {
  return {
    type: 'incoming_call',
    instanceId,
    callId: 'A1',
    at: start,
    from: '777@lid',
    number: '5511988887777',
    replyTo: '5511988887777@s.whatsapp.net',
    isVideo: false,
    isGroup: false,
    offeredAt: null,
    ...more,
  };
}

async function newInstance(dataSource: DataSource): Promise<string> {
  const { accountId } = await newAccount(dataSource);
  const [row] = await dataSource.query<{ id: string }[]>(
    `INSERT INTO instances (account_id, name) VALUES ($1, 'shop') RETURNING id`,
    [accountId],
  );
  if (!row) throw new Error('no instance');
  return row.id;
}
