import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Unlogged: counting costs no write-ahead log, and after a crash of the database it may start anew. */
export class RateLimitWindows1764200000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    // Room on each page, so that counting moves no row to another one.
    await runner.query(`
      CREATE UNLOGGED TABLE rate_limit_windows (
        key text PRIMARY KEY,
        hits integer NOT NULL,
        ends_at timestamptz NOT NULL
      ) WITH (fillfactor = 70)`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE rate_limit_windows');
  }
}
