import { Column, Entity, PrimaryColumn } from 'typeorm';

/** Where the events of an instance are posted to. An instance has several, told apart by label. */
@Entity('webhooks')
export class WebhookEntity {
  @PrimaryColumn({ name: 'id', type: 'uuid', default: () => 'gen_random_uuid()' })
  id: string;

  @Column({ name: 'instance_id', type: 'uuid' })
  instanceId: string;

  @Column({ name: 'label', type: 'text' })
  label: string;

  @Column({ name: 'enabled', type: 'boolean' })
  enabled: boolean;

  /** Empty once the address is sealed, see `webhook-url.ts`; `null` = none. */
  @Column({ name: 'url', type: 'text', nullable: true })
  url: string | null;

  /** The address, sealed, see `webhookUrlContext`. */
  @Column({ name: 'sealed_url', type: 'bytea', nullable: true })
  sealedUrl: Buffer | null;

  /** The address without what may be secret in it. */
  @Column({ name: 'shown_url', type: 'text', nullable: true })
  shownUrl: string | null;

  /** Value of the `Authorization` header, sealed, see `webhookAuthorizationContext`. */
  @Column({ name: 'authorization_value', type: 'bytea', nullable: true })
  authorizationValue: Buffer | null;

  /** Names and values of further headers as JSON, sealed, see `webhookHeadersContext`. */
  @Column({ name: 'headers', type: 'bytea', nullable: true })
  headers: Buffer | null;

  /** Names of those headers, as they are sent. */
  @Column({ name: 'header_names', type: 'text', array: true, default: [] })
  headerNames: string[];

  /** Append `/<event>` to the URL. */
  @Column({ name: 'by_events', type: 'boolean', default: false })
  byEvents: boolean;

  /** Names of the events to send; empty = all. */
  @Column({ name: 'events', type: 'text', array: true, default: [] })
  events: string[];

  /** Signs what is sent; sealed, see `webhookSecretContext`. */
  @Column({ name: 'secret', type: 'bytea', nullable: true })
  secret: Buffer | null;

  /** The secret before; signs too until its time is over. */
  @Column({ name: 'previous_secret', type: 'bytea', nullable: true })
  previousSecret: Buffer | null;

  @Column({ name: 'previous_secret_until', type: 'timestamptz', precision: 3, nullable: true })
  previousSecretUntil: Date | null;

  /** Why the product disabled the webhook by itself. */
  @Column({ name: 'disabled_reason', type: 'text', nullable: true })
  disabledReason: string | null;

  @Column({ name: 'disabled_at', type: 'timestamptz', precision: 3, nullable: true })
  disabledAt: Date | null;

  /** The first failure since the last success, or since its owner last changed it. */
  @Column({ name: 'failing_since', type: 'timestamptz', precision: 3, nullable: true })
  failingSince: Date | null;

  /** 64-bit, as text; so are the two below. */
  @Column({ name: 'delivered_count', type: 'bigint', default: 0 })
  deliveredCount: string;

  @Column({ name: 'dead_count', type: 'bigint', default: 0 })
  deadCount: string;

  @Column({ name: 'failed_attempts', type: 'bigint', default: 0 })
  failedAttempts: string;

  @Column({ name: 'last_success_at', type: 'timestamptz', precision: 3, nullable: true })
  lastSuccessAt: Date | null;

  @Column({ name: 'last_failure_at', type: 'timestamptz', precision: 3, nullable: true })
  lastFailureAt: Date | null;

  /** Nothing is sent before: the receiver asked for it. */
  @Column({ name: 'paused_until', type: 'timestamptz', nullable: true })
  pausedUntil: Date | null;

  @Column({ name: 'created_at', type: 'timestamptz', precision: 3, default: () => 'now()' })
  createdAt: Date;

  @Column({ name: 'updated_at', type: 'timestamptz', precision: 3, default: () => 'now()' })
  updatedAt: Date;
}
