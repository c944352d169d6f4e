import { Column, Entity, PrimaryColumn } from 'typeorm';

/** A tenant. */
@Entity('accounts')
export class AccountEntity {
  @PrimaryColumn({ name: 'id', type: 'uuid', default: () => 'gen_random_uuid()' })
  id: string;

  @Column({ name: 'name', type: 'text', unique: true })
  name: string;

  /** Most instances that the account may have; `null` = no limit. */
  @Column({ name: 'instance_limit', type: 'integer', nullable: true })
  instanceLimit: number | null;

  /** Requests a minute over all tokens of the account; `null` = as the operator's settings say. */
  @Column({ name: 'rate_limit_per_minute', type: 'integer', nullable: true })
  rateLimitPerMinute: number | null;

  /** The tokens of a disabled account are as good as unknown. */
  @Column({ name: 'enabled', type: 'boolean', default: true })
  enabled: boolean;

  @Column({ name: 'created_at', type: 'timestamptz', precision: 3, default: () => 'now()' })
  createdAt: Date;

  @Column({ name: 'updated_at', type: 'timestamptz', precision: 3, default: () => 'now()' })
  updatedAt: Date;
}
