import { chown, mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { errorCodeOf } from '../../common/errors/error-code.js';
import { ADMINISTRATOR } from './administration.js';
import type { PostgresBinaries } from './binaries.js';
import type { ClusterPaths } from './data-directory.js';
import { EmbeddedPostgresError } from './embedded-postgres-error.js';
import { reasonIn } from './error-message.js';
import { runInitdb } from './initdb.js';
import { ensurePassword } from './password-file.js';
import { processIsAlive } from './process-table.js';
import type { ServerAccount } from './server-account.js';

const DRAFT_PREFIX = 'postgres.initdb-';

/** Sizes for one application on a small machine, written into postgresql.conf where an operator can change them. */
const SETTINGS = {
  max_connections: '100',
  shared_buffers: '64MB',
  timezone: 'UTC',
  log_timezone: 'UTC',
  log_checkpoints: 'off',
  // The application reports the errors of its statements; the server's log would repeat them with the customers' data in it.
  log_min_messages: 'log',
  log_min_error_statement: 'panic',
};

/**
 * True when `clusterDir` holds a cluster this server can open, false when there is none yet.
 * Throws for everything else; nothing is ever deleted.
 */
export async function clusterExists(clusterDir: string): Promise<boolean> {
  const stats = await stat(clusterDir).catch((error: unknown) => {
    if (errorCodeOf(error) === 'ENOENT') return null;
    throw error;
  });
  if (stats === null) return false;
  const foreign = `${clusterDir} is not a PostgreSQL data directory. Move it away, or set DATA_DIR to another directory.`;
  if (!stats.isDirectory()) throw new EmbeddedPostgresError(foreign);
  const userId = process.getuid?.();
  if (userId !== undefined && userId !== 0 && stats.uid !== userId) {
    throw new EmbeddedPostgresError(
      `${clusterDir} belongs to user id ${stats.uid}, and the application runs as ${userId}. Run it as the same user (or root) as before, ` +
        'or set DATA_DIR to another directory.',
    );
  }
  const names = await readdir(clusterDir);
  if (names.length === 0) return false;
  if (!names.includes('PG_VERSION') || !names.includes('global')) throw new EmbeddedPostgresError(foreign);
  return true;
}

/** Fails when the cluster was made by another major version, whose files this server cannot read. */
export async function requireMajorVersion(clusterDir: string, majorVersion: number): Promise<void> {
  const found = (await readFile(path.join(clusterDir, 'PG_VERSION'), 'utf8')).trim();
  if (found === String(majorVersion)) return;
  throw new EmbeddedPostgresError(
    `${clusterDir} was made by PostgreSQL ${JSON.stringify(found)}, and this release brings PostgreSQL ${majorVersion}. Go back to the ` +
      'release that made it, or set DATABASE_URL to a server that holds the data, or set DATA_DIR to another directory.',
  );
}

/** Makes a new cluster. It appears in one step: a killed initdb leaves only a draft, which the next start removes. */
export async function createCluster(
  paths: ClusterPaths,
  binaries: PostgresBinaries,
  account: ServerAccount | null,
): Promise<void> {
  await removeAbandonedDrafts(paths.dataDir);
  const password = await ensurePassword(paths.passwordFile);
  const draft = path.join(paths.dataDir, `${DRAFT_PREFIX}${process.pid}`);
  const passwordCopy = path.join(draft, 'password');
  const cluster = path.join(draft, 'cluster');
  try {
    await mkdir(draft, { mode: 0o700 });
    // initdb reads the password as the server's account, which may not read the application's file.
    await writeFile(passwordCopy, password, { mode: 0o600 });
    if (account !== null)
      for (const file of [draft, passwordCopy]) await chown(file, account.uid, account.gid);
    const options = initdbArguments(cluster, passwordCopy);
    const { exitCode, output } = await runInitdb(binaries.initdb, options, account);
    if (exitCode !== 0) throw new EmbeddedPostgresError(explainInitdb(output, paths.dataDir));
    await rename(cluster, paths.clusterDir);
  } finally {
    await rm(draft, { recursive: true, force: true });
  }
}

function initdbArguments(clusterDir: string, passwordFile: string): string[] {
  const locale = ['--encoding=UTF8', '--locale=C', '--locale-provider=builtin', '--builtin-locale=C.UTF-8'];
  const access = [`--username=${ADMINISTRATOR}`, '--auth=scram-sha-256', `--pwfile=${passwordFile}`];
  const settings = Object.entries(SETTINGS).flatMap(([name, value]) => ['--set', `${name}=${value}`]);
  return ['-D', clusterDir, ...access, ...locale, ...settings];
}

function explainInitdb(output: string, dataDir: string): string {
  const reason = reasonIn(output);
  if (output.includes('could not look up effective user ID')) {
    return `PostgreSQL cannot run as a user without an entry in /etc/passwd. Add one, or set DATABASE_URL to a PostgreSQL server. ${reason}`;
  }
  return `The embedded PostgreSQL could not create its data in DATA_DIR ${dataDir}: ${reason}`;
}

async function removeAbandonedDrafts(dataDir: string): Promise<void> {
  for (const name of await readdir(dataDir)) {
    if (!name.startsWith(DRAFT_PREFIX)) continue;
    const pid = Number(name.slice(DRAFT_PREFIX.length));
    if (pid !== process.pid && processIsAlive(pid)) continue;
    await rm(path.join(dataDir, name), { recursive: true, force: true });
  }
}
