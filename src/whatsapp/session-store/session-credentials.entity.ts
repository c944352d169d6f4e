import { Column, Entity, PrimaryColumn } from 'typeorm';

/** The identity of a linked phone, sealed, and the back-off of its connection, which outlives the process. */
@Entity('session_credentials')
export class SessionCredentialsEntity {
  @PrimaryColumn({ name: 'instance_id', type: 'uuid' })
  instanceId: string;

  @Column({ name: 'value', type: 'bytea' })
  value: Buffer;

  /** False while a phone is being linked. */
  @Column({ name: 'linked', type: 'boolean' })
  linked: boolean;

  /** Failed attempts to connect in a row. */
  @Column({ name: 'reconnect_attempt', type: 'integer', default: 0 })
  reconnectAttempt: number;

  @Column({ name: 'reconnect_not_before', type: 'timestamptz', precision: 3, nullable: true })
  reconnectNotBefore: Date | null;

  @Column({ name: 'updated_at', type: 'timestamptz', precision: 3, default: () => 'now()' })
  updatedAt: Date;
}
