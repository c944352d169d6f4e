import { chmod, mkdir, realpath } from 'node:fs/promises';
import path from 'node:path';
import { EmbeddedPostgresError } from './embedded-postgres-error.js';
import { errorMessage } from './error-message.js';
import { firstClosedPath, type ServerAccount } from './server-account.js';

/** The files of one embedded database. PostgreSQL calls a data directory with its databases a cluster. */
export interface ClusterPaths {
  dataDir: string;
  clusterDir: string;
  passwordFile: string;
  ownerFile: string;
  logFile: string;
}

/** Creates `dataDir` if need be, enterable for the server's account, and names the files in it. Symbolic links are resolved. */
export async function openDataDirectory(requestedDir: string): Promise<ClusterPaths> {
  const created = await mkdir(requestedDir, { recursive: true }).catch((cause: unknown) => {
    throw new EmbeddedPostgresError(`DATA_DIR ${requestedDir} cannot be created: ${errorMessage(cause)}`, {
      cause,
    });
  });
  if (created !== undefined) await chmod(requestedDir, 0o755);
  const dataDir = await realpath(requestedDir);
  return {
    dataDir,
    clusterDir: path.join(dataDir, 'postgres'),
    passwordFile: path.join(dataDir, 'postgres.password'),
    ownerFile: path.join(dataDir, 'postgres.owner'),
    logFile: path.join(dataDir, 'postgres.log'),
  };
}

/** Fails when the server's account could not reach its data. */
export async function requireOpenDataDirectory(
  dataDir: string,
  account: ServerAccount | null,
): Promise<void> {
  const closed = account === null ? null : await firstClosedPath(dataDir, account);
  if (closed === null) return;
  throw new EmbeddedPostgresError(
    `PostgreSQL does not run as root, and the user it runs as instead may not enter ${closed}. Set DATA_DIR to a directory outside of ` +
      'it (for instance below /var/lib), or run the application as an ordinary user.',
  );
}
