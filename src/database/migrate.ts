import { setTimeout as sleep } from 'node:timers/promises';
import { DataSource, type QueryRunner } from 'typeorm';
import { MIGRATIONS_TABLE, type PostgresOptions } from './data-source-options.js';
import { limitedClient, NO_LIMITS } from './limited-client.js';

/** Any number that is the same in all processes of the product, and in nothing else on the same database. */
const MIGRATION_LOCK = 7_464_210_917;
const BETWEEN_TRIES_MS = 100;

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
    extra: { Client: limitedClient(NO_LIMITS, 'ringdrop-migration') },
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
 * For those who use the schema as it is. Waits for a migration that is under way.
 * @throws NewerSchema
 */
export function requireKnownSchema(dataSource: DataSource): Promise<void> {
  return withMigrationLock(dataSource, () => requireNoOthers(dataSource));
}

/** The lock is a transaction's, which a pooler leaves to one server process from its begin to its end. */
async function withMigrationLock(dataSource: DataSource, work: () => Promise<void>): Promise<void> {
  const holder = dataSource.createQueryRunner();
  try {
    await takeMigrationLock(holder);
    await work();
  } finally {
    // Nothing was written here.
    if (holder.isTransactionActive) await holder.rollbackTransaction().catch(() => undefined);
    await holder.release();
  }
}

/** Tries again and again: processes that wait in the database could take all connections of a pooler from the one that works. */
async function takeMigrationLock(runner: QueryRunner): Promise<void> {
  for (;;) {
    await runner.startTransaction();
    const [row] = (await runner.query('SELECT pg_try_advisory_xact_lock($1) AS taken', [MIGRATION_LOCK])) as {
      taken: boolean;
    }[];
    // The transaction does nothing while the migrations run.
    if (row?.taken) return void (await runner.query('SET LOCAL idle_in_transaction_session_timeout = 0'));
    await runner.rollbackTransaction();
    await sleep(BETWEEN_TRIES_MS);
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
