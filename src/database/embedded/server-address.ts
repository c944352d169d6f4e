import { createHash } from 'node:crypto';
import { chmod, chown, lstat, mkdir, mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import path from 'node:path';
import type { ClusterPaths } from './data-directory.js';
import { firstClosedPath, type ServerAccount } from './server-account.js';

/** Where a server takes connections: at a socket of the file system, or where that is `null`, at a port of 127.0.0.1. */
export interface ServerAddress {
  readonly socketDir: string | null;
  /** Of a socket it is a part of its name and no more. */
  readonly port: number;
}

const SOCKET_PORT = 5432;
const SOCKET_NAME = `.s.PGSQL.${SOCKET_PORT}`;
/** The shortest limit of the systems that PostgreSQL is built for, that of macOS, without the byte that ends the text. */
const MAX_SOCKET_PATH_BYTES = 103;
/** For those whose data lies deep. Every account may make a directory in it, and none may remove another's. */
const SHORT_DIRECTORY = '/tmp';

export function isSameAddress(one: ServerAddress, other: ServerAddress): boolean {
  return one.socketDir === other.socketDir && one.port === other.port;
}

/** A URL for the role; whoever opens it must insist on SCRAM, as it asks for. */
export function serverUrl({ socketDir, port }: ServerAddress, role: string, password: string): string {
  const host = socketDir === null ? '127.0.0.1' : encodeURIComponent(socketDir);
  return `postgres://${role}:${encodeURIComponent(password)}@${host}:${port}/postgres?require_auth=scram-sha-256`;
}

/**
 * A directory for the server's socket that nobody else may enter, so that nobody else can listen in its place: beside the data, or
 * where that path is too long, or `skip` says that no socket can be made there, in a short one.
 */
export async function makeSocketAddress(
  { dataDir, clusterDir }: ClusterPaths,
  account: ServerAccount | null,
  skip: ReadonlySet<string>,
): Promise<ServerAddress> {
  const name = `ringdrop-${createHash('sha256').update(clusterDir).digest('hex').slice(0, 16)}`;
  const places = [path.join(dataDir, 'postgres.socket'), path.join(SHORT_DIRECTORY, name)];
  for (const place of places) {
    const isShort = Buffer.byteLength(path.join(place, SOCKET_NAME)) <= MAX_SOCKET_PATH_BYTES;
    if (isShort && !skip.has(place) && (await makePrivate(place, account))) return addressIn(place);
  }
  const made = await mkdtemp(path.join(SHORT_DIRECTORY, 'ringdrop-'));
  await makePrivate(made, account);
  return addressIn(made);
}

/** Makes the directory of an address again, should it be gone, and removes what a killed server has left there. */
export async function clearSocket(
  { socketDir }: ServerAddress,
  account: ServerAccount | null,
): Promise<void> {
  if (socketDir === null) return;
  await makePrivate(socketDir, account);
  for (const file of [SOCKET_NAME, `${SOCKET_NAME}.lock`])
    await rm(path.join(socketDir, file), { force: true });
}

/** A TCP port of 127.0.0.1 on which nobody listens: `preferred` if that one is free. Somebody else may take it a moment later. */
export async function freePort(preferred: number | null): Promise<number> {
  return (preferred === null ? null : await tryPort(preferred)) ?? (await tryPort(0)) ?? 0;
}

function addressIn(socketDir: string): ServerAddress {
  return { socketDir, port: SOCKET_PORT };
}

/** False when the directory cannot be made, belongs to somebody else, or cannot be reached by the server's account. */
async function makePrivate(directory: string, account: ServerAccount | null): Promise<boolean> {
  const owner = account?.uid ?? process.getuid?.();
  try {
    await mkdir(directory, { mode: 0o700 }).catch(() => undefined);
    const before = await lstat(directory);
    if (!before.isDirectory() || (before.uid !== owner && before.uid !== process.getuid?.())) return false;
    await chmod(directory, 0o700);
    if (account !== null) await chown(directory, account.uid, account.gid);
    const { uid, mode } = await lstat(directory);
    const isClosed = uid === owner && (mode & 0o077) === 0;
    return isClosed && (account === null || (await firstClosedPath(directory, account)) === null);
  } catch {
    return false;
  }
}

function tryPort(port: number): Promise<number | null> {
  return new Promise((resolve) => {
    const probe = createServer();
    probe.once('error', () => resolve(null));
    probe.listen(port, '127.0.0.1', () => {
      const address = probe.address();
      probe.close(() => resolve(typeof address === 'object' && address !== null ? address.port : null));
    });
  });
}
