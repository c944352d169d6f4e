import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { runSql } from './postgres.js';

/** The processes of a PostgreSQL server on this machine (Linux): the postmaster and its children. */
export class PostgresProcesses {
  private frozen: number[] = [];

  private constructor(private readonly postmaster: () => Promise<number>) {}

  /** @param url of a superuser */
  static async of(url: string): Promise<PostgresProcesses> {
    const dataDirectory = String(await runSql(url, 'SHOW data_directory'));
    return new PostgresProcesses(async () => {
      const lock = await readFile(path.join(dataDirectory, 'postmaster.pid'), 'utf8');
      return Number(lock.split('\n')[0]);
    });
  }

  /** Stops them where they are (SIGSTOP): connections stay open and nobody answers. */
  async freeze(): Promise<void> {
    const postmaster = await this.postmaster();
    process.kill(postmaster, 'SIGSTOP');
    this.frozen = [postmaster, ...(await childrenOf(postmaster))];
    signalAll(this.frozen, 'SIGSTOP');
  }

  /** Stops those of some connections only. */
  freezeSome(pids: readonly number[]): void {
    this.frozen.push(...pids);
    signalAll(pids, 'SIGSTOP');
  }

  /** Lets them go on; does nothing when they were not frozen. */
  thaw(): void {
    signalAll(this.frozen.splice(0).reverse(), 'SIGCONT');
  }

  /** Kills them all (SIGKILL), as the end of the machine would. */
  async kill(): Promise<void> {
    const postmaster = await this.postmaster();
    const children = await childrenOf(postmaster);
    signalAll([postmaster, ...children], 'SIGKILL');
  }
}

function signalAll(pids: readonly number[], signal: NodeJS.Signals): void {
  for (const pid of pids) {
    try {
      process.kill(pid, signal);
    } catch {
      // Ended meanwhile.
    }
  }
}

/** Ids of the processes that this one has started and that are still there. */
export async function childrenOf(parent: number): Promise<number[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name)).map(Number);
  const parents = await Promise.all(pids.map(parentOf));
  return pids.filter((_, index) => parents[index] === parent);
}

/** `undefined`: there is no such process any more. */
async function parentOf(pid: number): Promise<number | undefined> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '');
  const parent = /^PPid:\s+(\d+)$/m.exec(status)?.[1];
  return parent === undefined ? undefined : Number(parent);
}
