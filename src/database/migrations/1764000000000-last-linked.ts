import type { MigrationInterface, QueryRunner } from 'typeorm';

export class LastLinked1764000000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE instances ADD last_linked_at timestamptz(3)');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE instances DROP last_linked_at');
  }
}
