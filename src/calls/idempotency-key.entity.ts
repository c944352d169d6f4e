import { Column, Entity, PrimaryColumn } from 'typeorm';

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
