import { existsSync } from 'node:fs';
import { chmod, mkdir, realpath, stat } from 'node:fs/promises';
import path from 'node:path';
import { errorCodeOf } from '../../common/errors/error-code.js';
import { EmbeddedPostgresError } from './embedded-postgres-error.js';
import { errorMessage } from './error-message.js';
import { chooseServerAccount, firstClosedPath, type ServerAccount } from './server-account.js';

/** System errors whose cure is in the operator's hands. */
const REASONS: Readonly<Record<string, string>> = {
  EACCES: 'this user may not read or write there',
  EPERM: 'this user may not read or write there',
  EROFS: 'its file system is read-only',
  ENOSPC: 'the disk is full',
  EDQUOT: 'the quota of the disk is used up',
  EEXIST: 'a file is in its place',
  ENOTDIR: 'a part of its path is a file',
  EISDIR: 'a directory is in the place of one of its files',
  ENOENT: 'no directory can be made there',
  ELOOP: 'its symbolic links lead in a circle',
  ENAMETOOLONG: 'a name in its path is too long',
  EBUSY: 'it is in use',
  EIO: 'the disk fails',
  EXDEV: 'it spreads over several file systems',
};

/** What takes the place of `./data` for root, whose clone may lie in a folder that only root may enter. */
const SYSTEM_DIRECTORY = '/var/lib/ringdrop';

/** Where the embedded database and the generated encryption key are. */
export interface DataPlace {
  /** Absolute. */
  readonly dataDir: string;
  /** The folder that the server's account may not enter; `undefined` unless `dataDir` was chosen for that reason. */
  readonly closedFolder?: string;
}

/** The files of one embedded database. PostgreSQL calls a data directory with its databases a cluster. */
export interface ClusterPaths {
  dataDir: string;
  clusterDir: string;
  /** Of the administrator, who is a superuser. */
  passwordFile: string;
  /** Of the role that the application works with. */
  applicationPasswordFile: string;
  ownerFile: string;
  logFile: string;
}

/**
 * The directory that is given, else `defaultDir`, else, where the server's account may not enter that, a directory of the system.
 * Changes nothing. A key without a database seals nothing and keeps nobody in `defaultDir`; a database that is there does.
 * @throws EmbeddedPostgresError when there is a database in `defaultDir` that the server's account cannot reach
 */
export async function chooseDataDirectory(
  given: string | undefined,
  defaultDir = path.resolve('data'),
): Promise<DataPlace> {
  if (given !== undefined) return { dataDir: given };
  const clusterDir = path.join(defaultDir, 'postgres');
  const closedFolder = await closedFolderOf(defaultDir, await chooseServerAccount(clusterDir));
  if (closedFolder === null) return { dataDir: defaultDir };
  if (!existsSync(clusterDir)) return { dataDir: SYSTEM_DIRECTORY, closedFolder };
  throw new EmbeddedPostgresError(
    `There is a database in ${clusterDir}, but PostgreSQL does not run as root, and the user it runs as instead may not enter ` +
      `${closedFolder}. Open that folder to it (chmod o+x), or move ${defaultDir} to another place and set DATA_DIR to that place.`,
  );
}

/** Makes the directory, and those above it, enterable for the server's account whatever the umask is. */
export async function makeDataDirectory(directory: string): Promise<void> {
  try {
    await makeOpenDirectory(directory);
  } catch (cause) {
    throw directoryFailure(cause, directory) ?? cause;
  }
}

/** A failed access to the directory or its files as the operator should read it; `undefined` for other errors. */
export function directoryFailure(cause: unknown, dataDir: string): EmbeddedPostgresError | undefined {
  const reason = REASONS[errorCodeOf(cause) ?? ''];
  if (reason === undefined) return undefined;
  return new EmbeddedPostgresError(
    `DATA_DIR ${dataDir} cannot be used: ${reason} (${errorMessage(cause)}). Set DATA_DIR to another directory.`,
    { cause },
  );
}

/** Creates `dataDir` if need be and names the files in it. Symbolic links are resolved. */
export async function openDataDirectory(requestedDir: string): Promise<ClusterPaths> {
  await makeDataDirectory(requestedDir);
  const dataDir = await realpath(requestedDir);
  return {
    dataDir,
    clusterDir: path.join(dataDir, 'postgres'),
    passwordFile: path.join(dataDir, 'postgres.password'),
    applicationPasswordFile: path.join(dataDir, 'postgres.app-password'),
    ownerFile: path.join(dataDir, 'postgres.owner'),
    logFile: path.join(dataDir, 'postgres.log'),
  };
}

/** Fails when the server's account could not reach its data. */
export async function requireOpenDataDirectory(
  dataDir: string,
  account: ServerAccount | null,
): Promise<void> {
  const closed = await closedFolderOf(dataDir, account);
  if (closed === null) return;
  throw new EmbeddedPostgresError(
    `PostgreSQL does not run as root, and the user it runs as instead may not enter ${closed}. Set DATA_DIR to a directory outside of ` +
      'it (for instance below /var/lib), or run the application as an ordinary user.',
  );
}

/** Looks at what exists of the path, with its symbolic links resolved; what is missing will be made open. */
async function closedFolderOf(directory: string, account: ServerAccount | null): Promise<string | null> {
  if (account === null) return null;
  if (!existsSync(directory)) return closedFolderOf(path.dirname(directory), account);
  return firstClosedPath(await realpath(directory), account);
}

/** Not `mkdir` with `recursive`: that obeys the umask, and never ends below /proc. */
async function makeOpenDirectory(directory: string, hasParent = false): Promise<void> {
  try {
    await mkdir(directory);
  } catch (error) {
    const code = errorCodeOf(error);
    if (code === 'EEXIST' && (await stat(directory)).isDirectory()) return;
    if (code !== 'ENOENT' || hasParent) throw error;
    await makeOpenDirectory(path.dirname(directory));
    return makeOpenDirectory(directory, true);
  }
  await chmod(directory, 0o755);
}
