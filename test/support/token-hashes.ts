import { runSql } from './postgres.js';

/** What the database knows of the tokens that open an instance: the hash of its account's, and of its own. */
export async function tokenHashes(databaseUrl: string, instanceId: string): Promise<Buffer> {
  const found = await runSql(
    databaseUrl,
    `SELECT (SELECT token_hash FROM access_tokens
             WHERE instance_id IS NULL AND account_id = (SELECT account_id FROM instances WHERE id = '${instanceId}'))
         || (SELECT token_hash FROM access_tokens WHERE instance_id = '${instanceId}')`,
  );
  if (!Buffer.isBuffer(found)) throw new Error('the instance has no tokens');
  return found;
}
