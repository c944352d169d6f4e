import { setTimeout as sleep } from 'node:timers/promises';
import { preparePostgresBinaries, type PostgresBinaries } from './binaries.js';
import { clusterExists, createCluster, requireMajorVersion } from './cluster.js';
import type { ClusterPaths } from './data-directory.js';
import { disarmStaleLock, lastPort, postmasterIsRunning, readPostmasterLock } from './postmaster-lock.js';
import type { ServerAccount } from './server-account.js';
import {
  clearSocket,
  freePort,
  isSameAddress,
  makeSocketAddress,
  type ServerAddress,
} from './server-address.js';
import { ServerProcess, ServerStartFailure } from './server-process.js';

const POLL_MS = 50;
/** A killed server stays in the process table until somebody reaps it, and its backends need a moment to notice that it is gone. */
const LOCK_PATIENCE_MS = 3_000;
/** How long to wait for a server that is starting, stopping or dying before giving up. */
const BUSY_TIMEOUT_MS = 180_000;

/** As many as there are places to choose from. */
const MAX_USELESS = 2;

/** A server and how it was come by. */
export interface LaunchedServer {
  server: ServerProcess;
  adopted: boolean;
}

/** Brings up the server of a data directory. Only the directory's owner may use it. */
export class ServerLauncher {
  private binaries: PostgresBinaries | undefined;
  /** Directories in which no socket can be made. */
  private readonly useless = new Set<string>();

  constructor(
    private readonly paths: ClusterPaths,
    private readonly account: ServerAccount | null,
    /** Windows has no sockets in its file system that Node.js knows. */
    private readonly overTcp: boolean,
    private readonly log: (message: string, details?: object) => void,
  ) {}

  /**
   * Adopts the server that runs, or starts one, making the cluster first if there is none.
   * `fixed`: the only address that will do, `null` for any. Throws ServerStartFailure, EmbeddedPostgresError.
   */
  async launch(fixed: ServerAddress | null, signal: AbortSignal): Promise<LaunchedServer> {
    const binaries = await this.prepare();
    const deadline = performance.now() + BUSY_TIMEOUT_MS;
    let lockedSince: number | undefined;
    let preferred = await lastPort(this.paths.clusterDir);
    for (;;) {
      const running = await this.findRunning(fixed, binaries, deadline, signal);
      if (running !== null) return { server: running, adopted: true };
      const address = fixed ?? (await this.newAddress(preferred));
      try {
        return { server: await this.startOn(address, binaries, signal), adopted: false };
      } catch (error) {
        if (!(error instanceof ServerStartFailure) || performance.now() > deadline) throw error;
        if (error.reason === 'failed') throw error;
        if (error.reason === 'cannot_listen') {
          if (fixed !== null || this.useless.size > MAX_USELESS) throw error;
          preferred = null;
          if (address.socketDir) this.useless.add(address.socketDir);
        }
        if (error.reason === 'locked') {
          lockedSince ??= performance.now();
          if (performance.now() - lockedSince > LOCK_PATIENCE_MS) await this.breakLock();
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
    fixed: ServerAddress | null,
    binaries: PostgresBinaries,
    deadline: number,
    signal: AbortSignal,
  ): Promise<ServerProcess | null> {
    for (;;) {
      const lock = await readPostmasterLock(this.paths.clusterDir);
      if (lock === null || !postmasterIsRunning(lock, this.paths.clusterDir)) return null;
      if (lock.status === 'ready') {
        const server = ServerProcess.adopt(lock, this.paths.clusterDir, binaries.pgCtl);
        if (fixed === null ? this.isUsable(lock.address) : isSameAddress(lock.address, fixed)) return server;
        if (fixed !== null) {
          throw new ServerStartFailure(
            'failed',
            'the server listens in another place than where this application looks for it',
          );
        }
        this.log('the embedded PostgreSQL was left by a release that used TCP, starting it again', {
          ...lock,
        });
        await server.shutDown();
        return null;
      }
      if (performance.now() > deadline) {
        throw new ServerStartFailure(
          'failed',
          `the server with pid ${lock.pid} stays in state "${lock.status}"`,
        );
      }
      await sleep(POLL_MS, undefined, { signal });
    }
  }

  /** Whether a server that was found running listens where this release expects it. */
  isUsable({ socketDir }: ServerAddress): boolean {
    return (socketDir === null) === this.overTcp;
  }

  private async newAddress(preferredPort: number | null): Promise<ServerAddress> {
    if (this.overTcp) return { socketDir: null, port: await freePort(preferredPort) };
    return makeSocketAddress(this.paths, this.account, this.useless);
  }

  private async startOn(
    address: ServerAddress,
    binaries: PostgresBinaries,
    signal: AbortSignal,
  ): Promise<ServerProcess> {
    const { account } = this;
    const { clusterDir, logFile } = this.paths;
    await clearSocket(address, account);
    return ServerProcess.start({ binaries, account, clusterDir, logFile, address }, signal);
  }

  private async breakLock(): Promise<void> {
    const lock = await readPostmasterLock(this.paths.clusterDir);
    if (await disarmStaleLock(this.paths.clusterDir, lock)) {
      this.log('the lock file of the embedded PostgreSQL was stale', { pid: lock?.pid });
    }
  }
}
