import type { MigrationInterface, QueryRunner } from 'typeorm';

export class SparedContacts1764800000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE instances ADD contacts_spared_from timestamptz(3)');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE instances DROP contacts_spared_from');
  }
}
