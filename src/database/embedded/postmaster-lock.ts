import { readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { errorCodeOf } from '../../common/errors/error-code.js';
import { processCommandLine, processIsAlive } from './process-table.js';
import type { ServerAddress } from './server-address.js';

/** The fields of `postmaster.pid` that are read here; the layout is PostgreSQL's src/include/utils/pidfile.h. */
export interface PostmasterLock {
  pid: number;
  /** The port is 0 until the server has got that far. */
  address: ServerAddress;
  /** `starting`, `ready`, `standby` or `stopping`; empty until the server has got that far. */
  status: string;
}

/** The lock file of a data directory, `null` without one or when it is not yet written. */
export async function readPostmasterLock(clusterDir: string): Promise<PostmasterLock | null> {
  const text = await readLockFile(clusterDir);
  return text === null ? null : parseLock(text);
}

/** Whether the pid in the lock file is a live PostgreSQL of this directory and not a process that got the same pid later. */
export function postmasterIsRunning(lock: Pick<PostmasterLock, 'pid'>, clusterDir: string): boolean {
  return processIsAlive(lock.pid) && !isForeign(lock.pid, clusterDir);
}

/**
 * Makes a stale lock file acceptable to a server started by this process. PostgreSQL refuses to start while the pid in the file exists,
 * even as a zombie or as the thread of another program (usual in containers, where pids repeat), except when it is its own parent's.
 * So the pid becomes ours; the other lines stay, because the shared memory id among them lets PostgreSQL see backends that survived.
 *
 * Returns false, and changes nothing, when the file's process may be a server.
 */
export async function disarmStaleLock(clusterDir: string, seen: PostmasterLock | null): Promise<boolean> {
  const text = await readLockFile(clusterDir);
  if (text === null) return false;
  const lock = parseLock(text);
  if (lock === null && seen === null) {
    // A power cut can leave an empty file, which PostgreSQL does not dare to replace.
    await rm(lockFile(clusterDir));
    return true;
  }
  if (lock === null || lock.pid !== seen?.pid || postmasterIsRunning(lock, clusterDir)) return false;
  const [, ...rest] = text.split('\n');
  await writeFile(lockFile(clusterDir), [String(process.pid), ...rest].join('\n'));
  return true;
}

/** The port the last server of this directory was started with, `null` when it never ran. */
export async function lastPort(clusterDir: string): Promise<number | null> {
  const options = await readFile(path.join(clusterDir, 'postmaster.opts'), 'utf8').catch(() => '');
  const port = /"-p" "(\d{1,5})"/.exec(options)?.[1];
  return port === undefined ? null : Number(port);
}

async function readLockFile(clusterDir: string): Promise<string | null> {
  try {
    return await readFile(lockFile(clusterDir), 'utf8');
  } catch (error) {
    if (errorCodeOf(error) === 'ENOENT') return null;
    throw error;
  }
}

function parseLock(text: string): PostmasterLock | null {
  const lines = text.split('\n');
  // A standalone backend (initdb, single-user mode) writes its pid negated.
  const pid = Math.abs(Number.parseInt(lines[0] ?? '', 10));
  if (!Number.isSafeInteger(pid) || pid === 0) return null;
  const address = { port: Number.parseInt(lines[3] ?? '', 10) || 0, socketDir: lines[4] || null };
  return { pid, address, status: (lines[7] ?? '').trim() };
}

function isForeign(pid: number, clusterDir: string): boolean {
  const command = processCommandLine(pid);
  // Unknown command line: better to wait for a stranger than to start a second server.
  return command !== null && !(command.includes('postgres') && command.includes(clusterDir));
}

function lockFile(clusterDir: string): string {
  return path.join(clusterDir, 'postmaster.pid');
}
