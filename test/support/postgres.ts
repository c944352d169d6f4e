import { randomBytes } from 'node:crypto';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import pg from 'pg';
import { chooseServerAccount, firstClosedPath } from '../../src/database/embedded/server-account.js';
import { startEmbeddedPostgres } from '../../src/database/embedded-postgres.js';
import { administratorUrl } from './administrator.mjs';

/** A throwaway PostgreSQL server. */
export interface TestPostgres {
  /** Admin URL: a superuser on the `postgres` database. */
  url: string;
  /** Makes an empty database and returns its URL. */
  createDatabase(): Promise<string>;
  /** Stops the server and removes its files. */
  stop(): Promise<void>;
}

/** Starts a PostgreSQL server of its own in a temporary directory. */
export async function startTestPostgres(): Promise<TestPostgres> {
  const dataDir = await makeDataDirectory();
  const server = await startEmbeddedPostgres({ dataDir });
  // Nothing here has to survive a power cut, and commits are much cheaper without it.
  const url = await administratorUrl(server.url, dataDir);
  await runSql(url, 'ALTER SYSTEM SET fsync = off');
  await runSql(url, 'SELECT pg_reload_conf()');
  return {
    url,
    createDatabase: () => createDatabase(url),
    stop: async () => {
      await server.stop();
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}

/** Makes an empty database on the server behind `adminUrl` and returns its URL. */
export async function createDatabase(adminUrl: string): Promise<string> {
  const name = `test_${randomBytes(8).toString('hex')}`;
  await runSql(adminUrl, `CREATE DATABASE ${name}`);
  const url = new URL(adminUrl);
  url.pathname = `/${name}`;
  return url.href;
}

/** An empty temporary directory that the server's account may enter when the tests run as root. */
export async function makeDataDirectory(): Promise<string> {
  const directory = await mkdtemp(path.join(await openTemporaryDirectory(), 'ringdrop-postgres-'));
  await chmod(directory, 0o755);
  return directory;
}

/** Root's own temporary directory is closed to everybody else on some systems. */
async function openTemporaryDirectory(): Promise<string> {
  const account = await chooseServerAccount('');
  if (account === null || (await firstClosedPath(tmpdir(), account)) === null) return tmpdir();
  return '/var/tmp';
}

/** Runs one statement on a connection of its own and returns the first column of the first row. */
export async function runSql(url: string, sql: string): Promise<unknown> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 10_000 });
  client.on('error', () => undefined);
  await client.connect();
  try {
    const { rows } = await client.query<unknown[]>({ text: sql, rowMode: 'array' });
    return rows[0]?.[0];
  } finally {
    await client.end();
  }
}
