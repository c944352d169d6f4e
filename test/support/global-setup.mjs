// One PostgreSQL for the whole run; each spec makes its own database on it. Uses the built product, so that the
// tests start what a user starts.
import { chmod, mkdtemp, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import pg from 'pg';
import { startEmbeddedPostgres } from '../../dist/src/database/embedded-postgres.js';
import { administratorUrl } from './administrator.mjs';
import { hasPooler, startPooler } from './pooler.mjs';

export default async function setUp() {
  if (process.env.TEST_DATABASE_URL) return;
  const dataDir = await mkdtemp(path.join(tmpdir(), 'ringdrop-tests-'));
  await chmod(dataDir, 0o755);
  const server = await startEmbeddedPostgres({ dataDir });
  const url = await administratorUrl(server.url, dataDir);
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  await client.query('ALTER SYSTEM SET fsync = off');
  await client.query('SELECT pg_reload_conf()');
  await client.end();
  process.env.TEST_DATABASE_URL = url;
  globalThis.ringdropTestPostgres = { server, dataDir };
  if (!hasPooler()) {
    process.stderr.write('\nNO PGBOUNCER: the storage tests talk to PostgreSQL without a pooler between\n\n');
    return;
  }
  const pooler = await startPooler(url, await stat(path.join(dataDir, 'postgres')));
  process.env.TEST_POOLER_URL = pooler.url;
  globalThis.ringdropTestPostgres.pooler = pooler;
}
