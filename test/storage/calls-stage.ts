import type { DataSource } from 'typeorm';
import { incomingCallEvent, type IncomingEnd } from '../../src/calls/incoming/incoming-call.js';
import { IncomingCallsRepository } from '../../src/calls/incoming/incoming-calls.repository.js';
import { CallListsRepository } from '../../src/calls/lists/call-lists.repository.js';
import { isPlaced, type PlacedCall, type NewCall } from '../../src/calls/store/call.entity.js';
import { CallsRepository } from '../../src/calls/store/calls.repository.js';
import type { InstanceRef } from '../../src/instances/instance-values.js';
import type { IncomingCallSignal } from '../../src/whatsapp/whatsapp-signals.js';
import { fencedWrites, TestOwnership } from '../support/test-ownership.js';
import { newAccount } from './instances-stage.js';

export const start = new Date('2026-01-01T00:00:00.123Z');

export function later(seconds: number): Date {
  return new Date(start.getTime() + seconds * 1000);
}

/** The tables of calls with one instance to call from. */
export class CallsStage {
  readonly calls: CallsRepository;
  readonly lists: CallListsRepository;
  readonly incoming: IncomingCallsRepository;
  private lastRing = 0;

  private constructor(
    private readonly dataSource: DataSource,
    readonly instanceId: string,
  ) {
    const writes = fencedWrites(dataSource);
    this.calls = new CallsRepository(dataSource, writes, new TestOwnership());
    this.lists = new CallListsRepository(dataSource);
    this.incoming = new IncomingCallsRepository(dataSource, writes);
  }

  static async on(dataSource: DataSource): Promise<CallsStage> {
    return new CallsStage(dataSource, await newInstance(dataSource));
  }

  /** Another instance, of another account. */
  newInstance(): Promise<string> {
    return newInstance(this.dataSource);
  }

  /** The instance with the limits that a new one has. */
  limits(more: Partial<InstanceRef> = {}): InstanceRef {
    return {
      id: this.instanceId,
      accountId: '',
      name: 'shop',
      isLinked: true,
      maxConcurrentCalls: 100,
      minSecondsBetweenCalls: 0,
      numberCooldownSeconds: 0,
      restriction: null,
      ...more,
    };
  }

  /** A call that is ready to leave. */
  newCall(more: Partial<NewCall> = {}): NewCall {
    const instanceId = more.instanceId ?? this.instanceId;
    const callId = `00${instanceId.slice(0, 8)}${String(++this.lastRing).padStart(22, '0')}`;
    return {
      instanceId,
      number: '5511999999999',
      jid: '7@lid',
      ring: { callId, creator: '1:2@lid', devices: ['7@lid'], offerStanzaId: 'offer' },
      durationSeconds: 8,
      requestedAt: start,
      hangUpAt: later(28),
      idempotencyKey: null,
      ...more,
    };
  }

  /** A call whose offer is about to leave. */
  async placed(more: Partial<NewCall> = {}): Promise<PlacedCall> {
    const call = this.newCall(more);
    const event = { type: 'call.update', lane: `call:${call.ring.callId}`, at: start, data: {} } as const;
    const limits = this.limits({ id: call.instanceId });
    const stored = await this.calls.place(call, limits, { instanceId: call.instanceId, ...event });
    if (!stored || !isPlaced(stored)) throw new Error('the call was not stored');
    return stored;
  }

  /** A row as processes of an earlier release store it before the call is prepared. */
  async unplaced(instanceId = this.instanceId): Promise<string> {
    const [row] = await this.dataSource.query<{ id: string }[]>(
      `INSERT INTO calls (instance_id, number, duration, state, requested_at, hang_up_at)
       VALUES ($1, '5511999999999', 8, 'offering', $2, $2) RETURNING id`,
      [instanceId, start],
    );
    if (!row) throw new Error('no call');
    return row.id;
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
