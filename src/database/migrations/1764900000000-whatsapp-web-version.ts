import type { MigrationInterface, QueryRunner } from 'typeorm';

export class WhatsAppWebVersion1764900000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(
      `CREATE TABLE whatsapp_web_version (
        only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
        revision bigint CHECK (revision BETWEEN 1 AND 4294967295),
        learned_at timestamptz,
        asked_at timestamptz,
        answered_at timestamptz,
        CHECK ((revision IS NULL) = (learned_at IS NULL))
      )`,
    );
    await runner.query('INSERT INTO whatsapp_web_version DEFAULT VALUES');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE whatsapp_web_version');
  }
}
