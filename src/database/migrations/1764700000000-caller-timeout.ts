import type { MigrationInterface, QueryRunner } from 'typeorm';

export class CallerTimeout1764700000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE calls ADD caller_timeout_seconds integer');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE calls DROP caller_timeout_seconds');
  }
}
