/* eslint-disable @typescript-eslint/require-await -- a fake answers at once where the real one waits */
import { DataSource } from 'typeorm';
import type { Call } from '../../../../src/calls/store/call.entity.js';
import {
  IdempotencyRepository,
  type KeyOfInstance,
  type KnownRequest,
} from '../../../../src/calls/idempotency/idempotency.repository.js';
import type { RememberedAnswer } from '../../../../src/calls/idempotency/remembered-answer.js';
import type { MemoryCalls } from './memory-calls.js';

interface Row extends KnownRequest {
  readonly key: KeyOfInstance;
  readonly createdAt: Date;
}

/** The table of idempotency keys in memory. */
export class MemoryIdempotency extends IdempotencyRepository {
  readonly rows = new Map<string, Row>();
  /** What a claim fails with after it was stored. */
  claimFault: Error | undefined;

  constructor(private readonly calls: MemoryCalls) {
    super(new DataSource({ type: 'postgres' }));
  }

  override async claim(
    key: KeyOfInstance,
    request: { fingerprint: Buffer; now: Date; expiredBefore: Date },
  ): Promise<boolean> {
    const known = this.rows.get(nameOf(key));
    if (known && known.createdAt >= request.expiredBefore) return false;
    const { fingerprint, now } = request;
    this.rows.set(nameOf(key), { key, fingerprint, answer: null, createdAt: now });
    if (this.claimFault) throw this.claimFault;
    return true;
  }

  override async unclaim(key: KeyOfInstance, request: { fingerprint: Buffer; now: Date }): Promise<void> {
    const known = this.rows.get(nameOf(key));
    if (known?.createdAt === request.now && known.answer === null && !this.calls.linked.has(key.key)) {
      this.rows.delete(nameOf(key));
    }
  }

  override async find(key: KeyOfInstance): Promise<KnownRequest | undefined> {
    return this.rows.get(nameOf(key));
  }

  override async complete(key: KeyOfInstance, answer: RememberedAnswer): Promise<void> {
    const stored: unknown = JSON.parse(JSON.stringify(answer));
    this.change(key, { answer: stored });
  }

  override async release(key: KeyOfInstance): Promise<void> {
    this.rows.delete(nameOf(key));
  }

  override async unansweredWithCall(): Promise<(KeyOfInstance & { readonly call: Call })[]> {
    return [...this.rows.values()].flatMap(({ key, answer }) => {
      const call = this.calls.rows.get(this.calls.linked.get(key.key) ?? '');
      return answer === null && call?.ring ? [{ ...key, call }] : [];
    });
  }

  override async deleteUnanswered(): Promise<void> {
    for (const [name, { answer }] of this.rows) if (answer === null) this.rows.delete(name);
  }

  override async deleteExpired(expiredBefore: Date): Promise<void> {
    for (const [name, { createdAt }] of this.rows) if (createdAt < expiredBefore) this.rows.delete(name);
  }

  private change(key: KeyOfInstance, change: Partial<Row>): void {
    const row = this.rows.get(nameOf(key));
    if (row) this.rows.set(nameOf(key), { ...row, ...change });
  }
}

function nameOf({ instanceId, key }: KeyOfInstance): string {
  return `${instanceId} ${key}`;
}
