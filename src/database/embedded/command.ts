import { spawn, type SpawnOptions } from 'node:child_process';
import path from 'node:path';
import type { ServerAccount } from './server-account.js';

/** How a command ended. `output` is standard output and standard error in the order of arrival. */
export interface CommandResult {
  exitCode: number | null;
  output: string;
}

/**
 * Options for every process of PostgreSQL: a small environment, so that PGDATA, PGPORT or PGHOST of the machine have no say and
 * messages are in English, and a working directory that the account can enter.
 */
export function postgresSpawnOptions(executable: string, account: ServerAccount | null): SpawnOptions {
  const env =
    process.platform === 'win32' ? { LC_ALL: 'C' } : { LC_ALL: 'C', PATH: '/usr/local/bin:/usr/bin:/bin' };
  return { cwd: path.dirname(executable), env, windowsHide: true, ...account };
}

/** Runs a command to its end. Rejects when it cannot be started; kills it after `timeoutMs`. */
export function runCommand(
  executable: string,
  args: string[],
  account: ServerAccount | null,
  timeoutMs: number,
): Promise<CommandResult> {
  return new Promise((resolve, reject) => {
    const child = spawn(executable, args, {
      ...postgresSpawnOptions(executable, account),
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: timeoutMs,
      killSignal: 'SIGKILL',
    });
    let output = '';
    const collect = (chunk: Buffer) => {
      output += chunk.toString();
    };
    child.stdout?.on('data', collect);
    child.stderr?.on('data', collect);
    child.once('error', reject);
    child.once('close', (exitCode) => {
      resolve({ exitCode, output });
    });
  });
}
