import { Column, Entity, PrimaryColumn } from 'typeorm';

/** The hash of a token and what it opens: one row for each account, one for each instance. */
@Entity('access_tokens')
export class AccessTokenEntity {
  /** SHA-256 of the token; the token itself is nowhere. */
  @PrimaryColumn({ name: 'token_hash', type: 'bytea' })
  tokenHash: Buffer;

  @Column({ name: 'account_id', type: 'uuid' })
  accountId: string;

  /** `null` = the token of the whole account. */
  @Column({ name: 'instance_id', type: 'uuid', nullable: true })
  instanceId: string | null;

  /** Copied from the instance, whose name never changes, so that a token is checked with one look. */
  @Column({ name: 'instance_name', type: 'text', nullable: true })
  instanceName: string | null;

  @Column({ name: 'created_at', type: 'timestamptz', precision: 3, default: () => 'now()' })
  createdAt: Date;
}
