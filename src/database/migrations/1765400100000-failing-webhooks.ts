import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Since when a receiver only fails, when a webhook was switched off, and since when a delivery is pending: each may end too late. */
export class FailingWebhooks1765400100000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    for (const statement of UP) await runner.query(statement);
  }

  async down(runner: QueryRunner): Promise<void> {
    for (const statement of DOWN) await runner.query(statement);
  }
}

const UP = [
  `ALTER TABLE webhooks ADD failing_since timestamptz(3), ADD disabled_at timestamptz(3)`,
  // Until now only 410 switched off, which is a failure and the last try.
  `UPDATE webhooks SET disabled_at = coalesce(last_failure_at, updated_at) WHERE disabled_reason IS NOT NULL`,
  // The first of the failures is not known; too late is better than switching off too early.
  `UPDATE webhooks SET failing_since = last_failure_at WHERE last_failure_at > coalesce(last_success_at, '-infinity')`,
  `ALTER TABLE webhook_deliveries ADD queued_at timestamptz(3) NOT NULL DEFAULT now()`,
  `UPDATE webhook_deliveries SET queued_at = created_at WHERE status = 'pending'`,
  `CREATE INDEX webhook_deliveries_by_wait ON webhook_deliveries (queued_at) WHERE status = 'pending'`,
];

const DOWN = [
  `DROP INDEX webhook_deliveries_by_wait`,
  `ALTER TABLE webhook_deliveries DROP queued_at`,
  `ALTER TABLE webhooks DROP disabled_at, DROP failing_since`,
];
