import { DataSource } from 'typeorm';
import { MIGRATIONS_TABLE, type PostgresOptions } from './data-source-options.js';

/** Any number that is the same in all processes of the product, and in nothing else on the same database. */
const MIGRATION_LOCK = 7_464_210_917;

/** More names would not help anybody. */
const MOST_NAMES = 5;

/** A newer release has changed the schema. The message names the migrations that this release does not know. */
export class NewerSchema extends Error {
  override readonly name = 'NewerSchema';

  constructor(unknown: readonly string[]) {
    const more = unknown.length > MOST_NAMES ? ` and ${unknown.length - MOST_NAMES} more` : '';
    const names = `${unknown.slice(0, MOST_NAMES).join(', ')}${more}`;
    super(
      `A newer release of Ringdrop has changed the database, in a way that this release does not know (${names}). ` +
        'Start that release or a newer one, or restore a backup from before the change.',
    );
  }
}

/**
 * Brings the schema up to date. Processes that start at once take turns. Uses connections of its own, without the
 * time limit for statements: a migration of a big table, or the wait for it, may take long.
 * @throws NewerSchema before anything is changed
 */
export async function migrate(options: PostgresOptions): Promise<void> {
  const dataSource = new DataSource({
    ...options,
    poolSize: 2,
    extra: { application_name: 'ringdrop-migration' },
  });
  await dataSource.initialize();
  try {
    await withMigrationLock(dataSource, async () => {
      await requireNoOthers(dataSource);
      await dataSource.runMigrations({ transaction: 'each' });
    });
  } finally {
    await dataSource.destroy();
  }
}

/**
 * For those who use the schema as it is. Waits for a migration that is under way, as long as a statement may take.
 * @throws NewerSchema
 */
export function requireKnownSchema(dataSource: DataSource): Promise<void> {
  return withMigrationLock(dataSource, () => requireNoOthers(dataSource));
}

async function withMigrationLock(dataSource: DataSource, work: () => Promise<void>): Promise<void> {
  const lockHolder = dataSource.createQueryRunner();
  try {
    await lockHolder.query('SELECT pg_advisory_lock($1)', [MIGRATION_LOCK]);
    try {
      await work();
    } finally {
      await lockHolder.query('SELECT pg_advisory_unlock($1)', [MIGRATION_LOCK]);
    }
  } finally {
    await lockHolder.release();
  }
}

async function requireNoOthers(dataSource: DataSource): Promise<void> {
  const [found] = await dataSource.query<{ exists: boolean }[]>(
    'SELECT to_regclass($1) IS NOT NULL AS exists',
    [MIGRATIONS_TABLE],
  );
  if (!found?.exists) return;
  const stored = await dataSource.query<{ name: string }[]>(
    `SELECT name FROM ${MIGRATIONS_TABLE} ORDER BY timestamp`,
  );
  const known = new Set(dataSource.migrations.map(({ name, constructor }) => name ?? constructor.name));
  const unknown = stored.map(({ name }) => name).filter((name) => !known.has(name));
  if (unknown.length > 0) throw new NewerSchema(unknown);
}
