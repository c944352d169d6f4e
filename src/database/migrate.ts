import { DataSource } from 'typeorm';
import type { PostgresOptions } from './data-source-options.js';

/** Any number that is the same in all processes of the product, and in nothing else on the same database. */
const MIGRATION_LOCK = 7_464_210_917;

/**
 * Brings the schema up to date. Processes that start at once take turns. Uses connections of its own, without the
 * time limit for statements: a migration of a big table, or the wait for it, may take long.
 */
export async function migrate(options: PostgresOptions): Promise<void> {
  const dataSource = new DataSource({
    ...options,
    poolSize: 2,
    extra: { application_name: 'ringdrop-migration' },
  });
  await dataSource.initialize();
  try {
    const lockHolder = dataSource.createQueryRunner();
    await lockHolder.query('SELECT pg_advisory_lock($1)', [MIGRATION_LOCK]);
    try {
      await dataSource.runMigrations({ transaction: 'each' });
    } finally {
      await lockHolder.query('SELECT pg_advisory_unlock($1)', [MIGRATION_LOCK]);
      await lockHolder.release();
    }
  } finally {
    await dataSource.destroy();
  }
}
