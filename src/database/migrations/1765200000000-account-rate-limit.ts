import type { MigrationInterface, QueryRunner } from 'typeorm';

export class AccountRateLimit1765200000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(
      'ALTER TABLE accounts ADD rate_limit_per_minute integer CHECK (rate_limit_per_minute > 0)',
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE accounts DROP rate_limit_per_minute');
  }
}
