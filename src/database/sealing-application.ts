import type { DataSource } from 'typeorm';

const PRODUCT = 'ringdrop';

/** What the connections of a product are called that seals with this key; the id tells nothing about the key. */
export function sealingApplication(keyId: string): string {
  return `${PRODUCT} key ${keyId}`;
}

/** How many connections of products, that do not seal with this key, are open on the database. */
export async function connectionsWithAnotherKey(database: DataSource, keyId: string): Promise<number> {
  const [row] = await database.query<{ count: number }[]>(
    `SELECT count(*)::integer AS count FROM pg_stat_activity
     WHERE datname = current_database() AND application_name ~ $1 AND application_name <> $2`,
    [`^${PRODUCT}( |$)`, sealingApplication(keyId)],
  );
  return row?.count ?? 0;
}
