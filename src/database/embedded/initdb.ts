import { chmod, cp, mkdtemp, rm, symlink } from 'node:fs/promises';
import path from 'node:path';
import { runCommand, type CommandResult } from './command.js';
import type { ServerAccount } from './server-account.js';

const TIMEOUT_MS = 180_000;

/** Enterable for every account, and its name means nothing to a shell. */
const PLAIN_DIRECTORY = '/tmp';

/**
 * Runs initdb as the server's account. It starts `postgres` through a shell with its own path in double quotes, so that a
 * part of the path could be run as a command. From such a path the programs are copied to a plain one, for this once.
 */
export async function runInitdb(
  executable: string,
  options: string[],
  account: ServerAccount | null,
): Promise<CommandResult> {
  if (!meansMoreToAShell(executable)) return runCommand(executable, options, account, TIMEOUT_MS);
  const plain = await mkdtemp(path.join(PLAIN_DIRECTORY, 'ringdrop-initdb-'));
  try {
    await chmod(plain, 0o755);
    const bin = path.dirname(executable);
    await cp(bin, path.join(plain, 'bin'), { recursive: true });
    // PostgreSQL resolves links to its programs, but not those to the directories beside them.
    for (const name of ['lib', 'share']) await symlink(path.join(bin, '..', name), path.join(plain, name));
    return await runCommand(path.join(plain, 'bin', path.basename(executable)), options, account, TIMEOUT_MS);
  } finally {
    await rm(plain, { recursive: true, force: true });
  }
}

/** A backslash is a separator on Windows, where no POSIX shell is used. */
function meansMoreToAShell(executable: string): boolean {
  return process.platform !== 'win32' && /["$`\\]/.test(executable);
}
