import { Column, Entity, PrimaryColumn, DataSource } from 'typeorm';
import { Injectable } from '@nestjs/common';
import { isForeignKeyViolation } from '../../common/database/failed-query.js';
import { CALL_COLUMNS, type Call } from '../store/call.entity.js';
import { CallInstanceNotFound } from '../errors.js';
import type { RememberedAnswer } from './remembered-answer.js';

/** A request that was sent with an idempotency key, and what it was answered. */
@Entity('idempotency_keys')
export class IdempotencyKeyEntity {
  @PrimaryColumn({ name: 'instance_id', type: 'uuid' })
  instanceId: string;

  @PrimaryColumn({ name: 'key', type: 'text' })
  key: string;

  /** SHA-256 over the meaning of the request. */
  @Column({ name: 'fingerprint', type: 'bytea' })
  fingerprint: Buffer;

  /** Row of the call that the request made; `null` before there is one and after it is gone. */
  @Column({ name: 'call_row_id', type: 'bigint', nullable: true })
  callRowId: string | null;

  /** See `parseAnswer`; `null` while the request runs. */
  @Column({ name: 'answer', type: 'jsonb', nullable: true })
  answer: unknown;

  @Column({ name: 'created_at', type: 'timestamptz', precision: 3, default: () => 'now()' })
  createdAt: Date;
}

/** One key of one instance. */
export interface KeyOfInstance {
  readonly instanceId: string;
  readonly key: string;
}

/** A request that has the key already. */
export interface KnownRequest {
  readonly fingerprint: Buffer;
  readonly createdAt: Date;
  /** `null` while it runs. */
  readonly answer: unknown;
}

const CLAIM = `
  INSERT INTO idempotency_keys AS known (instance_id, key, fingerprint, created_at) VALUES ($1, $2, $3, $4)
  ON CONFLICT (instance_id, key) DO UPDATE
    SET fingerprint = excluded.fingerprint, created_at = excluded.created_at, call_row_id = NULL, answer = NULL
    WHERE known.created_at < $5
  RETURNING 1`;

/** The table of idempotency keys. */
@Injectable()
export class IdempotencyRepository {
  constructor(private readonly dataSource: DataSource) {}

  /**
   * Takes the key unless a request from `expiredBefore` or later has it; of several at once, one gets it.
   * @throws CallInstanceNotFound
   */
  async claim(
    { instanceId, key }: KeyOfInstance,
    request: { fingerprint: Buffer; now: Date; expiredBefore: Date },
  ): Promise<boolean> {
    try {
      const claimed = await this.dataSource.query<unknown[]>(CLAIM, [
        instanceId,
        key,
        request.fingerprint,
        request.now,
        request.expiredBefore,
      ]);
      return claimed.length > 0;
    } catch (error) {
      if (isForeignKeyViolation(error)) throw new CallInstanceNotFound();
      throw error;
    }
  }

  /** Takes back a claim of which nobody knows whether it was stored; nothing came of it. */
  async unclaim(
    { instanceId, key }: KeyOfInstance,
    { fingerprint, now }: { fingerprint: Buffer; now: Date },
  ): Promise<void> {
    await this.dataSource.query(
      `DELETE FROM idempotency_keys WHERE instance_id = $1 AND key = $2 AND fingerprint = $3 AND created_at = $4
         AND call_row_id IS NULL AND answer IS NULL`,
      [instanceId, key, fingerprint, now],
    );
  }

  async find({ instanceId, key }: KeyOfInstance): Promise<KnownRequest | undefined> {
    const rows = await this.dataSource.query<KnownRequest[]>(
      `SELECT fingerprint, created_at AS "createdAt", answer FROM idempotency_keys WHERE instance_id = $1 AND key = $2`,
      [instanceId, key],
    );
    return rows[0];
  }

  async complete({ instanceId, key }: KeyOfInstance, answer: RememberedAnswer): Promise<void> {
    await this.dataSource.query(
      `UPDATE idempotency_keys SET answer = $3 WHERE instance_id = $1 AND key = $2 AND answer IS NULL`,
      [instanceId, key, JSON.stringify(answer)],
    );
  }

  async release({ instanceId, key }: KeyOfInstance): Promise<void> {
    await this.dataSource.query(
      `DELETE FROM idempotency_keys WHERE instance_id = $1 AND key = $2 AND answer IS NULL`,
      [instanceId, key],
    );
  }

  /** What somebody else holds, maybe to delete it too, is left to a later time. */
  async deleteExpired(expiredBefore: Date): Promise<void> {
    await this.dataSource.query(
      `DELETE FROM idempotency_keys WHERE (instance_id, key) IN (
         SELECT instance_id, key FROM idempotency_keys WHERE created_at < $1 FOR UPDATE SKIP LOCKED
       )`,
      [expiredBefore],
    );
  }

  /** Requests of these instances from before `before` without an answer whose call may have left. */
  async unansweredWithCall(
    instanceIds: readonly string[],
    before: Date,
  ): Promise<(KeyOfInstance & { readonly call: Call })[]> {
    const rows = await this.dataSource.query<(KeyOfInstance & Call)[]>(
      `SELECT known.key AS "key", call.* FROM idempotency_keys AS known
       JOIN (SELECT ${CALL_COLUMNS} FROM calls WHERE ring IS NOT NULL) AS call ON call.id = known.call_row_id
       WHERE known.answer IS NULL AND known.instance_id = ANY ($1) AND known.created_at < $2`,
      [instanceIds, before],
    );
    return rows.map(({ key, ...call }) => ({ instanceId: call.instanceId, key, call }));
  }

  /** Forgets requests of these instances from before `before` without an answer. */
  async deleteUnanswered(instanceIds: readonly string[], before: Date): Promise<void> {
    await this.dataSource.query(
      `DELETE FROM idempotency_keys WHERE answer IS NULL AND instance_id = ANY ($1) AND created_at < $2`,
      [instanceIds, before],
    );
  }
}
