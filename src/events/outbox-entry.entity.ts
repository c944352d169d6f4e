import { Column, Entity, PrimaryGeneratedColumn } from 'typeorm';
import type { EventType } from '../common/events/outbox.js';

/** An event that was stored with the change it reports and is not handed out yet. */
@Entity('event_outbox')
export class OutboxEntryEntity {
  /** 64-bit identity, as text; the order in which the events of a lane happened. */
  @PrimaryGeneratedColumn('identity', { name: 'id', type: 'bigint', generatedIdentity: 'ALWAYS' })
  id: string;

  /** What receivers know the event by. */
  @Column({ name: 'event_id', type: 'uuid', default: () => 'gen_random_uuid()' })
  eventId: string;

  @Column({ name: 'instance_id', type: 'uuid' })
  instanceId: string;

  @Column({ name: 'type', type: 'text' })
  type: EventType;

  @Column({ name: 'lane', type: 'text' })
  lane: string;

  @Column({ name: 'happened_at', type: 'timestamptz', precision: 3 })
  happenedAt: Date;

  @Column({ name: 'data', type: 'json' })
  data: Record<string, unknown>;
}
