import { Column, Entity, PrimaryColumn } from 'typeorm';

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
