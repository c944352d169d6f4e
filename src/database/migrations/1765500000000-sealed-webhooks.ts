import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Room for the sealed address and the sealed headers of a webhook. The encryption key is not at hand here: what stands in `url`
 * is sealed by the product once it runs, which finds it by the index.
 */
export class SealedWebhooks1765500000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(
      `ALTER TABLE webhooks
        ADD sealed_url bytea,
        ADD shown_url text,
        ADD headers bytea,
        ADD header_names text[] NOT NULL DEFAULT '{}'`,
    );
    await runner.query(`CREATE INDEX webhooks_in_clear ON webhooks (id) WHERE url <> ''`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`DROP INDEX webhooks_in_clear`);
    await runner.query(
      `ALTER TABLE webhooks DROP sealed_url, DROP shown_url, DROP headers, DROP header_names`,
    );
  }
}
