import type { MigrationInterface, QueryRunner } from 'typeorm';

export class NamedAdmissions1764600000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE calls ADD admission uuid');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE calls DROP admission');
  }
}
