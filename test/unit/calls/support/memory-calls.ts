/* eslint-disable @typescript-eslint/require-await -- a fake answers at once where the real one waits */
import { randomUUID } from 'node:crypto';
import { DataSource } from 'typeorm';
import type { OutboxEvent } from '../../../../src/common/events/outbox.js';
import type { DomainError } from '../../../../src/common/errors/domain-error.js';
import type { AdmissionLimits, CallTraffic } from '../../../../src/calls/call-admission.js';
import type { CallChanges } from '../../../../src/calls/call-progress.js';
import { CallSlotsRepository, type CallRequest } from '../../../../src/calls/call-slots.repository.js';
import { isPlaced, type Call, type PlacedCall } from '../../../../src/calls/call.entity.js';
import { CallsRepository, type PreparedCall } from '../../../../src/calls/calls.repository.js';
import { CallListsRepository } from '../../../../src/calls/call-lists.repository.js';
import { IncomingCallsRepository } from '../../../../src/calls/incoming-calls.repository.js';
import { LiveCallsRepository } from '../../../../src/calls/live-calls.repository.js';
import { fencedWrites, TestOwnership } from '../../../support/test-ownership.js';

/** Never connected: the memory repositories answer everything themselves. */
const nowhere = new DataSource({ type: 'postgres' });
const writes = fencedWrites(nowhere);

/** The table of calls in memory, behind the same three doors as the real one. */
export class MemoryCalls {
  readonly rows = new Map<string, Call>();
  /** The next writes fail, and with an error of their own the look-ups of live calls too. */
  failing: boolean | Error = false;
  /** What the next calls hear although they were let in. */
  admissionFault: Error | undefined;
  /** Ids of rows by the names of their admissions. */
  readonly admissions = new Map<string, string>();
  private lastId = 0;

  readonly repository = new MemoryCallsRepository(this);
  readonly slots = new MemorySlots(this);
  readonly live = new MemoryLiveCalls(this);
  readonly lists = new CallListsRepository(nowhere);
  readonly incoming = new NoIncomingCalls(nowhere, writes);

  all(): Call[] {
    return [...this.rows.values()];
  }

  only(): Call {
    const [call, ...others] = this.all();
    if (!call || others.length > 0) throw new Error(`${this.rows.size} calls instead of one`);
    return call;
  }

  add(call: Partial<Call>): Call {
    const id = String(++this.lastId);
    const row: Call = { ...EMPTY, id, ...call };
    this.rows.set(id, row);
    return row;
  }

  put(call: Call): Call {
    if (this.failing) throw this.failing instanceof Error ? this.failing : new Error('the database is gone');
    this.rows.set(call.id, call);
    return call;
  }
}

const EMPTY: Omit<Call, 'id'> = {
  instanceId: randomUUID(),
  callId: null,
  number: '5511999999999',
  jid: null,
  durationSeconds: 8,
  state: 'offering',
  outcome: null,
  failureCode: null,
  failureReason: null,
  requestedAt: new Date(0),
  acceptedAt: null,
  deliveredAt: null,
  ringingAt: null,
  endedAt: null,
  hangUpAt: new Date(0),
  callerTimeoutSeconds: null,
  ring: null,
};

class MemoryCallsRepository extends CallsRepository {
  constructor(private readonly calls: MemoryCalls) {
    super(nowhere, writes);
  }

  override async findByCallId(instanceId: string, callId: string): Promise<Call | undefined> {
    return this.calls.all().find((call) => call.instanceId === instanceId && call.callId === callId);
  }

  override async findByRowId(instanceId: string, id: string): Promise<Call | undefined> {
    return this.calls.all().find((call) => call.instanceId === instanceId && call.id === id);
  }

  override async attachRing(
    call: Call,
    prepared: PreparedCall,
    _event?: OutboxEvent,
    end?: OutboxEvent,
  ): Promise<Call | undefined> {
    const row = this.calls.rows.get(call.id);
    if (row?.state !== 'offering' || row.callId !== (end ? call.callId : null)) return undefined;
    return this.calls.put({ ...row, ...prepared, callId: prepared.ring.callId });
  }

  override async change(call: Call, changes: CallChanges): Promise<Call | undefined> {
    const row = this.calls.rows.get(call.id);
    return row?.state === call.state ? this.calls.put({ ...row, ...changes }) : undefined;
  }

  override async bringForward(call: Call, at: Date): Promise<Call | undefined> {
    const row = this.calls.rows.get(call.id);
    if (!row || row.state === 'ended') return undefined;
    return this.calls.put({ ...row, hangUpAt: at < row.hangUpAt ? at : row.hangUpAt });
  }

  override async remove(call: Call): Promise<boolean> {
    return this.calls.rows.get(call.id)?.state === 'offering' && this.calls.rows.delete(call.id);
  }

  override async withdraw(_instanceId: string, admission: string): Promise<void> {
    if (this.calls.failing instanceof Error) throw this.calls.failing;
    this.calls.rows.delete(this.calls.admissions.get(admission) ?? '');
  }
}

class MemorySlots extends CallSlotsRepository {
  constructor(private readonly calls: MemoryCalls) {
    super(nowhere, writes);
  }

  override async admit(
    request: CallRequest,
    limits: AdmissionLimits,
    refuse: (traffic: CallTraffic) => DomainError | undefined,
  ): Promise<Call> {
    const calls = this.calls.all().filter(({ instanceId }) => instanceId === request.instanceId);
    const live = calls.filter(({ state }) => state !== 'ended');
    const toNumber = calls.filter(({ number }) => request.sameNumbers.includes(number));
    const newestWithin = (among: readonly Call[], by: Date | null): Date | null => {
      const last = among.at(-1)?.requestedAt;
      return by && last && last > by ? last : null;
    };
    const traffic: CallTraffic = {
      liveCalls: live.length,
      lastCallAt: newestWithin(calls, limits.lastCallBy),
      lastCallToNumberAt: newestWithin(toNumber, limits.lastCallToNumberBy),
    };
    const refusal = refuse(traffic);
    const { liveCalls, lastCallAt, lastCallToNumberAt } = traffic;
    const isWithin = liveCalls < limits.liveCalls && !lastCallAt && !lastCallToNumberAt;
    if (isWithin === (refusal !== undefined)) {
      throw new Error('the limits and the refusal do not agree');
    }
    if (refusal) throw refusal;
    const { instanceId, admission, number, durationSeconds, requestedAt, hangUpAt } = request;
    const call = this.calls.add({ instanceId, number, durationSeconds, requestedAt, hangUpAt });
    this.calls.admissions.set(admission, call.id);
    if (this.calls.admissionFault) throw this.calls.admissionFault;
    return call;
  }
}

class MemoryLiveCalls extends LiveCallsRepository {
  constructor(private readonly calls: MemoryCalls) {
    super(nowhere, new TestOwnership());
  }

  override async placed(instanceIds?: readonly string[]): Promise<PlacedCall[]> {
    if (this.calls.failing instanceof Error) throw this.calls.failing;
    return this.calls
      .all()
      .filter(isPlaced)
      .filter(
        (call) => call.state !== 'ended' && (instanceIds ?? [call.instanceId]).includes(call.instanceId),
      );
  }

  override async due(now: Date, instanceId?: string): Promise<PlacedCall[]> {
    return (await this.placed()).filter(
      (call) =>
        (instanceId ?? call.instanceId) === call.instanceId &&
        call.hangUpAt.getTime() + (call.state === 'offering' ? 16_000 : 0) <= now.getTime(),
    );
  }

  override async unplaced(before: Date): Promise<Call[]> {
    return this.calls
      .all()
      .filter((call) => call.state !== 'ended' && call.ring === null && call.requestedAt < before);
  }
}

class NoIncomingCalls extends IncomingCallsRepository {
  override findByCallId(): Promise<undefined> {
    return Promise.resolve(undefined);
  }
}
