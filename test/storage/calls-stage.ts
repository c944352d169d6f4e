import { randomUUID } from 'node:crypto';
import type { DataSource } from 'typeorm';
import type { AdmissionLimits } from '../../src/calls/call-admission.js';
import { CallSlotsRepository, type CallRequest } from '../../src/calls/call-slots.repository.js';
import type { Call } from '../../src/calls/call.entity.js';
import { CallsRepository } from '../../src/calls/calls.repository.js';
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
  private lastRing = 0;

  private constructor(
    private readonly dataSource: DataSource,
    readonly instanceId: string,
  ) {
    this.slots = new CallSlotsRepository(dataSource, fencedWrites(dataSource));
    this.calls = new CallsRepository(dataSource, fencedWrites(dataSource));
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
