import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Dead deliveries are counted for the metrics; without an index of their own, all that was delivered would be read. */
export class DeadDeliveries1764100000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(
      `CREATE INDEX webhook_deliveries_dead ON webhook_deliveries (settled_at) WHERE status = 'dead'`,
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`DROP INDEX webhook_deliveries_dead`);
  }
}
