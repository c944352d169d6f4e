/* eslint-disable @typescript-eslint/require-await -- a fake answers at once where the real one waits */
import { randomUUID } from 'node:crypto';
import { DataSource } from 'typeorm';
import { IncomingCallsRepository } from '../../../../src/calls/incoming/incoming-calls.repository.js';
import { CallListsRepository } from '../../../../src/calls/lists/call-lists.repository.js';
import type { CallChanges } from '../../../../src/calls/store/call-progress.js';
import {
  isPlaced,
  placedCall,
  type Call,
  type PlacedCall,
  type NewCall,
  type PreparedCall,
  type UnplacedCall,
} from '../../../../src/calls/store/call.entity.js';
import { CallsRepository, type StoredTraffic } from '../../../../src/calls/store/calls.repository.js';
import { OwnershipLost } from '../../../../src/cluster/ownership.errors.js';
import type { InstanceRef } from '../../../../src/instances/instance-values.js';
import { fencedWrites, TestOwnership } from '../../../support/test-ownership.js';

/** Never connected: the memory repositories answer everything themselves. */
const nowhere = new DataSource({ type: 'postgres' });
const writes = fencedWrites(nowhere);

/** The table of calls in memory, behind the same doors as the real one. */
export class MemoryCalls {
  readonly rows = new Map<string, Call>();
  /** The next writes fail, and with an error of their own the look-ups of live calls too. */
  failing: boolean | Error = false;
  /** What the next calls hear although they were stored. */
  placingFault: Error | undefined;
  /** Rows of calls by the idempotency keys of their requests. */
  readonly linked = new Map<string, string>();
  /** The instance as its row has it; `undefined`: it is not compared. */
  instance: InstanceRef | undefined;
  /** Ids of instances that were deleted. */
  readonly goneInstances = new Set<string>();
  /** How often the traffic of an instance was read. */
  trafficReads = 0;
  private lastId = 0;

  readonly repository = new MemoryCallsRepository(this);
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
    this.requireWorking();
    this.rows.set(call.id, call);
    return call;
  }

  requireWorking(): void {
    if (this.failing) throw this.failing instanceof Error ? this.failing : new Error('the database is gone');
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
    super(nowhere, writes, new TestOwnership());
  }

  override async findByCallId(instanceId: string, callId: string): Promise<Call | undefined> {
    return this.calls.all().find((call) => call.instanceId === instanceId && call.callId === callId);
  }

  override async findByRowId(instanceId: string, id: string): Promise<Call | undefined> {
    return this.calls.all().find((call) => call.instanceId === instanceId && call.id === id);
  }

  override async trafficOf(instanceId: string, pauseFrom: Date | null, now: Date): Promise<StoredTraffic> {
    this.calls.trafficReads += 1;
    const calls = this.calls.all().filter((call) => call.instanceId === instanceId);
    const live = calls.filter(({ state }) => state !== 'ended');
    return {
      liveCalls: live.map(({ callId, id }) => callId ?? id),
      lastCallAt: newestWithin(calls, pauseFrom, now),
    };
  }

  override async lastCallTo(
    instanceId: string,
    numbers: readonly string[],
    pauseFrom: Date,
    now: Date,
  ): Promise<Date | null> {
    const calls = this.calls
      .all()
      .filter((call) => call.instanceId === instanceId && numbers.includes(call.number));
    return newestWithin(calls, pauseFrom, now);
  }

  override async place(call: NewCall, limits: InstanceRef): Promise<PlacedCall | undefined> {
    const { idempotencyKey } = call;
    if (this.calls.goneInstances.has(call.instanceId)) throw new OwnershipLost();
    if (!this.calls.placingFault) this.calls.requireWorking();
    if (this.calls.instance && !hasLimits(this.calls.instance, limits)) return undefined;
    const { id } = this.calls.add({});
    const row = placedCall(call, id);
    this.calls.rows.set(id, row);
    if (idempotencyKey !== null) this.calls.linked.set(idempotencyKey, row.id);
    if (this.calls.placingFault) throw this.calls.placingFault;
    return row;
  }

  override async addUnplaced(call: UnplacedCall, idempotencyKey: string | null): Promise<Call | undefined> {
    this.calls.requireWorking();
    const row = this.calls.add({ ...call, state: 'ended', hangUpAt: call.endedAt });
    if (idempotencyKey !== null) this.calls.linked.set(idempotencyKey, row.id);
    return row;
  }

  override async replaceOffer(call: PlacedCall, prepared: PreparedCall): Promise<Call | undefined> {
    const row = this.calls.rows.get(call.id);
    if (row?.state !== 'offering' || row.callId !== call.callId) return undefined;
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

  override async remove({ callId }: { readonly callId: string }): Promise<Call | undefined> {
    this.calls.requireWorking();
    const row = this.calls.all().find((call) => call.callId === callId && call.state === 'offering');
    if (row) this.calls.rows.delete(row.id);
    return row;
  }

  override async settled(): Promise<void> {
    this.calls.requireWorking();
  }

  override async live(instanceIds?: readonly string[]): Promise<PlacedCall[]> {
    if (this.calls.failing instanceof Error) throw this.calls.failing;
    return this.calls
      .all()
      .filter(isPlaced)
      .filter(
        (call) => call.state !== 'ended' && (instanceIds ?? [call.instanceId]).includes(call.instanceId),
      );
  }

  override async due(now: Date, instanceId?: string): Promise<PlacedCall[]> {
    return (await this.live()).filter(
      (call) =>
        (instanceId ?? call.instanceId) === call.instanceId &&
        call.hangUpAt.getTime() + (call.state === 'offering' ? 16_000 : 0) <= now.getTime(),
    );
  }

  override async unplaced(): Promise<Call[]> {
    return this.calls.all().filter((call) => call.state !== 'ended' && call.ring === null);
  }
}

function newestWithin(calls: readonly Call[], from: Date | null, now: Date): Date | null {
  if (!from) return null;
  const pauseMs = now.getTime() - from.getTime();
  const within = calls
    .map(({ requestedAt }) => requestedAt)
    .filter((at) => at > from && at.getTime() < now.getTime() + pauseMs);
  return within.sort((one, other) => one.getTime() - other.getTime()).at(-1) ?? null;
}

function hasLimits(stored: InstanceRef, given: InstanceRef): boolean {
  return (
    stored.maxConcurrentCalls === given.maxConcurrentCalls &&
    stored.minSecondsBetweenCalls === given.minSecondsBetweenCalls &&
    stored.numberCooldownSeconds === given.numberCooldownSeconds &&
    stored.restriction?.until.getTime() === given.restriction?.until.getTime()
  );
}

class NoIncomingCalls extends IncomingCallsRepository {
  override findByCallId(): Promise<undefined> {
    return Promise.resolve(undefined);
  }
}
