import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { errorCodeOf } from '../../common/errors/error-code.js';

/** What the kernel says about a process; `null` where there is no /proc (macOS, Windows) or the process is hidden. */
interface ProcessStatus {
  state: string;
  startTicks: string;
}

/** Whether the process runs. A zombie counts as dead: in a container without a reaper it can stay in the table for ever. */
export function processIsAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    // EPERM: it exists and belongs to another user.
    if (errorCodeOf(error) !== 'EPERM') return false;
  }
  const state = processStatus(pid)?.state;
  return state !== 'Z' && state !== 'X';
}

/** A value that differs between two processes that had the same pid one after the other; `null` where it is not known. */
export function processStartMark(pid: number): string | null {
  return processStatus(pid)?.startTicks ?? null;
}

/** The command line of a process, its parts separated by one character; `null` where it is not known. */
export function processCommandLine(pid: number): string | null {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8');
  } catch {
    if (process.platform !== 'darwin') return null;
    const { stdout } = spawnSync('/bin/ps', ['-o', 'command=', '-p', String(pid)], { encoding: 'utf8' });
    return stdout || null;
  }
}

function processStatus(pid: number): ProcessStatus | null {
  let text: string;
  try {
    text = readFileSync(`/proc/${pid}/stat`, 'utf8');
  } catch {
    return null;
  }
  // proc(5): "pid (comm) state ppid …", starttime is field 22. comm may hold blanks and brackets, so count from the last one.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  return { state: fields[0] ?? '', startTicks: fields[19] ?? '' };
}
