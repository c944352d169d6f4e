import type { MigrationInterface, QueryRunner } from 'typeorm';

export class Events1763900000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    for (const statement of UP) await runner.query(statement);
  }

  async down(runner: QueryRunner): Promise<void> {
    for (const statement of DOWN) await runner.query(statement);
  }
}

const UP = [
  `ALTER TABLE webhooks
    ADD secret bytea,
    ADD previous_secret bytea,
    ADD previous_secret_until timestamptz(3),
    ADD disabled_reason text,
    ADD delivered_count bigint NOT NULL DEFAULT 0,
    ADD dead_count bigint NOT NULL DEFAULT 0,
    ADD failed_attempts bigint NOT NULL DEFAULT 0,
    ADD last_success_at timestamptz(3),
    ADD last_failure_at timestamptz(3)`,
  // json keeps the order of the fields, which is the order in which receivers see them.
  `CREATE TABLE event_outbox (
    id bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY,
    event_id uuid NOT NULL DEFAULT gen_random_uuid(),
    instance_id uuid NOT NULL REFERENCES instances ON DELETE CASCADE,
    type text NOT NULL,
    lane text NOT NULL,
    happened_at timestamptz(3) NOT NULL,
    data json NOT NULL
  )`,
  `CREATE INDEX event_outbox_by_instance ON event_outbox (instance_id)`,
  `CREATE TABLE webhook_deliveries (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    position bigint NOT NULL GENERATED ALWAYS AS IDENTITY,
    event_id uuid NOT NULL,
    webhook_id uuid NOT NULL REFERENCES webhooks ON DELETE CASCADE,
    instance_id uuid NOT NULL,
    lane text NOT NULL,
    event text NOT NULL,
    body text NOT NULL,
    status text NOT NULL DEFAULT 'pending' CHECK (status IN ('pending', 'delivered', 'dead')),
    attempts integer NOT NULL DEFAULT 0,
    response_status integer,
    error text,
    created_at timestamptz(3) NOT NULL DEFAULT now(),
    settled_at timestamptz(3),
    UNIQUE (webhook_id, event_id),
    CHECK ((status = 'pending') = (settled_at IS NULL))
  )`,
  `CREATE INDEX webhook_deliveries_heads ON webhook_deliveries (webhook_id, lane, position) WHERE status = 'pending'`,
  `CREATE INDEX webhook_deliveries_newest_first ON webhook_deliveries (instance_id, position DESC)`,
  `CREATE INDEX webhook_deliveries_by_status ON webhook_deliveries (instance_id, status, position DESC)`,
  `CREATE INDEX webhook_deliveries_by_age ON webhook_deliveries (settled_at) WHERE settled_at IS NOT NULL`,
  `CREATE TABLE webhook_lanes (
    webhook_id uuid NOT NULL REFERENCES webhooks ON DELETE CASCADE,
    lane text NOT NULL,
    due_at timestamptz NOT NULL DEFAULT now(),
    claimed_by uuid,
    PRIMARY KEY (webhook_id, lane)
  ) WITH (fillfactor = 70)`,
  `CREATE INDEX webhook_lanes_due ON webhook_lanes (webhook_id, due_at)`,
];

const DOWN = [
  `DROP TABLE webhook_lanes`,
  `DROP TABLE webhook_deliveries`,
  `DROP TABLE event_outbox`,
  `ALTER TABLE webhooks
    DROP secret,
    DROP previous_secret,
    DROP previous_secret_until,
    DROP disabled_reason,
    DROP delivered_count,
    DROP dead_count,
    DROP failed_attempts,
    DROP last_success_at,
    DROP last_failure_at`,
];
