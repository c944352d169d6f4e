import { Column, Entity, PrimaryColumn } from 'typeorm';

/** One Signal key of a session, sealed. */
@Entity('session_keys')
export class SessionKeyEntity {
  @PrimaryColumn({ name: 'instance_id', type: 'uuid' })
  instanceId: string;

  /** Kind of key as the library names it: `pre-key`, `session`, `lid-mapping`, … */
  @PrimaryColumn({ name: 'type', type: 'text' })
  type: string;

  @PrimaryColumn({ name: 'key_id', type: 'text' })
  keyId: string;

  @Column({ name: 'value', type: 'bytea' })
  value: Buffer;
}
