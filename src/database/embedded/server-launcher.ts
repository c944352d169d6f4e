import { setTimeout as sleep } from 'node:timers/promises';
import { preparePostgresBinaries, type PostgresBinaries } from './binaries.js';
import { clusterExists, createCluster, requireMajorVersion } from './cluster.js';
import type { ClusterPaths } from './data-directory.js';
import { freePort } from './free-port.js';
import { disarmStaleLock, lastPort, postmasterIsRunning, readPostmasterLock } from './postmaster-lock.js';
import type { ServerAccount } from './server-account.js';
import { ServerProcess, ServerStartFailure } from './server-process.js';

const POLL_MS = 50;
/** A killed server stays in the process table until somebody reaps it, and its backends need a moment to notice that it is gone. */
const LOCK_PATIENCE_MS = 3_000;
/** How long to wait for a server that is starting, stopping or dying before giving up. */
const BUSY_TIMEOUT_MS = 180_000;

/** A server and how it was come by. */
export interface LaunchedServer {
  server: ServerProcess;
  adopted: boolean;
}

/** Brings up the server of a data directory. Only the directory's owner may use it. */
export class ServerLauncher {
  private binaries: PostgresBinaries | undefined;

  constructor(
    private readonly paths: ClusterPaths,
    private readonly account: ServerAccount | null,
    private readonly log: (message: string, details?: object) => void,
  ) {}

  /**
   * Adopts the server that runs, or starts one, making the cluster first if there is none.
   * `fixedPort`: the only port that will do, `null` for any. Throws ServerStartFailure, EmbeddedPostgresError.
   */
  async launch(fixedPort: number | null, signal: AbortSignal): Promise<LaunchedServer> {
    const binaries = await this.prepare();
    const deadline = Date.now() + BUSY_TIMEOUT_MS;
    let lockedSince: number | undefined;
    let preferred = await lastPort(this.paths.clusterDir);
    for (;;) {
      const running = await this.findRunning(fixedPort, binaries, deadline, signal);
      if (running !== null) return { server: running, adopted: true };
      const port = fixedPort ?? (await freePort(preferred));
      try {
        return { server: await this.startOn(port, binaries, signal), adopted: false };
      } catch (error) {
        if (!(error instanceof ServerStartFailure) || Date.now() > deadline) throw error;
        if (error.reason === 'failed' || (error.reason === 'port_taken' && fixedPort !== null)) throw error;
        if (error.reason === 'port_taken') preferred = null;
        if (error.reason === 'locked') {
          lockedSince ??= Date.now();
          if (Date.now() - lockedSince > LOCK_PATIENCE_MS) await this.breakLock();
        }
      }
      await sleep(POLL_MS, undefined, { signal });
    }
  }

  private async prepare(): Promise<PostgresBinaries> {
    this.binaries ??= await preparePostgresBinaries(this.paths.dataDir, this.account);
    if (!(await clusterExists(this.paths.clusterDir))) {
      this.log('creating the data directory of the embedded PostgreSQL', {
        directory: this.paths.clusterDir,
      });
      await createCluster(this.paths, this.binaries, this.account);
    }
    await requireMajorVersion(this.paths.clusterDir, this.binaries.majorVersion);
    return this.binaries;
  }

  /** The server that runs on the directory, once it is ready; `null` when none runs (any more). */
  private async findRunning(
    fixedPort: number | null,
    binaries: PostgresBinaries,
    deadline: number,
    signal: AbortSignal,
  ): Promise<ServerProcess | null> {
    for (;;) {
      const lock = await readPostmasterLock(this.paths.clusterDir);
      if (lock === null || !postmasterIsRunning(lock, this.paths.clusterDir)) return null;
      if (lock.status === 'ready') {
        if (fixedPort === null || fixedPort === lock.port)
          return ServerProcess.adopt(lock.pid, lock.port, this.paths.clusterDir, binaries.pgCtl);
        throw new ServerStartFailure(
          'failed',
          `the server runs on port ${lock.port} now, this application needs ${fixedPort}`,
        );
      }
      if (Date.now() > deadline) {
        throw new ServerStartFailure(
          'failed',
          `the server with pid ${lock.pid} stays in state "${lock.status}"`,
        );
      }
      await sleep(POLL_MS, undefined, { signal });
    }
  }

  private startOn(port: number, binaries: PostgresBinaries, signal: AbortSignal): Promise<ServerProcess> {
    const { clusterDir, logFile } = this.paths;
    return ServerProcess.start({ binaries, account: this.account, clusterDir, logFile, port }, signal);
  }

  private async breakLock(): Promise<void> {
    const lock = await readPostmasterLock(this.paths.clusterDir);
    if (await disarmStaleLock(this.paths.clusterDir, lock)) {
      this.log('the lock file of the embedded PostgreSQL was stale', { pid: lock?.pid });
    }
  }
}
