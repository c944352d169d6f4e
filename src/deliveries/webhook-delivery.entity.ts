import { Column, Entity, PrimaryColumn } from 'typeorm';
import type { DeliveryStatus } from './delivery-values.js';

/** One event on its way to one webhook, and what became of it. */
@Entity('webhook_deliveries')
export class WebhookDeliveryEntity {
  @PrimaryColumn({ name: 'id', type: 'uuid', default: () => 'gen_random_uuid()' })
  id: string;

  /** 64-bit identity, as text: the order of the deliveries. */
  @Column({ name: 'position', type: 'bigint', generated: 'identity', generatedIdentity: 'ALWAYS' })
  position: string;

  @Column({ name: 'event_id', type: 'uuid' })
  eventId: string;

  @Column({ name: 'webhook_id', type: 'uuid' })
  webhookId: string;

  @Column({ name: 'instance_id', type: 'uuid' })
  instanceId: string;

  /** Deliveries of one webhook with the same lane are sent one after another. */
  @Column({ name: 'lane', type: 'text' })
  lane: string;

  @Column({ name: 'event', type: 'text' })
  event: string;

  /** The exact text that is signed and sent. */
  @Column({ name: 'body', type: 'text' })
  body: string;

  @Column({ name: 'status', type: 'text', default: 'pending' })
  status: DeliveryStatus;

  /** Tries that were made since the delivery was queued. */
  @Column({ name: 'attempts', type: 'integer', default: 0 })
  attempts: number;

  /** HTTP status of the last try. */
  @Column({ name: 'response_status', type: 'integer', nullable: true })
  responseStatus: number | null;

  @Column({ name: 'error', type: 'text', nullable: true })
  error: string | null;

  @Column({ name: 'created_at', type: 'timestamptz', precision: 3, default: () => 'now()' })
  createdAt: Date;

  /** Since when it is pending; a replay starts again. */
  @Column({ name: 'queued_at', type: 'timestamptz', precision: 3, default: () => 'now()' })
  queuedAt: Date;

  /** When it was delivered or given up. */
  @Column({ name: 'settled_at', type: 'timestamptz', precision: 3, nullable: true })
  settledAt: Date | null;
}

/**
 * A line of pending deliveries of one webhook, of which only the first may be tried. The row exists as long as something waits in the
 * line, so that due work is found without reading what waits behind it: 100,000 events for a receiver that is down cost the others nothing.
 */
@Entity('webhook_lanes')
export class WebhookLaneEntity {
  @PrimaryColumn({ name: 'webhook_id', type: 'uuid' })
  webhookId: string;

  @PrimaryColumn({ name: 'lane', type: 'text' })
  lane: string;

  /** Whose webhook it is; filled in by the table. */
  @Column({ name: 'account_id', type: 'uuid' })
  accountId: string;

  /** When the first of the line is to be tried; while it is being tried, the end of the claim. */
  @Column({ name: 'due_at', type: 'timestamptz', default: () => 'now()' })
  dueAt: Date;

  /** The process that is trying. A claim that was not renewed in time is void. */
  @Column({ name: 'claimed_by', type: 'uuid', nullable: true })
  claimedBy: string | null;
}
