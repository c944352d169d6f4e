import type { MigrationInterface, QueryRunner } from 'typeorm';

export class NumbersByLid1765000000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(
      `CREATE INDEX calls_number_by_lid ON calls (instance_id, jid, id DESC) WHERE number || '@lid' <> jid`,
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP INDEX calls_number_by_lid');
  }
}
