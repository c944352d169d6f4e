import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { constants } from 'node:fs';
import { open, rename, stat, type FileHandle } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import type { PostgresBinaries } from './binaries.js';
import { postgresSpawnOptions } from './command.js';
import { postmasterIsRunning, readPostmasterLock, type PostmasterLock } from './postmaster-lock.js';
import { processIsAlive } from './process-table.js';
import type { ServerAccount } from './server-account.js';
import type { ServerAddress } from './server-address.js';

/** Crash recovery replays the write-ahead log before the server is ready; seconds are usual, this is for a slow disk. */
const READY_TIMEOUT_MS = 180_000;
const READY_POLL_MS = 20;
const ADOPTED_POLL_MS = 250;
/** A fast shutdown writes one checkpoint. After this time the server is told to stop without it and to recover at its next start. */
const SHUTDOWN_TIMEOUT_MS = 60_000;
const MAX_LOG_BYTES = 5 * 1024 * 1024;
const MAX_TAIL_BYTES = 4096;

/** What a server needs to be started. */
export interface ServerOptions {
  binaries: PostgresBinaries;
  account: ServerAccount | null;
  clusterDir: string;
  logFile: string;
  address: ServerAddress;
}

/** Why a server did not come up: the directory is (still) locked, it cannot listen there, or something that waiting does not cure. */
export class ServerStartFailure extends Error {
  override readonly name = 'ServerStartFailure';

  constructor(
    readonly reason: 'locked' | 'cannot_listen' | 'failed',
    readonly output: string,
  ) {
    super(output);
  }
}

/** One running PostgreSQL server: a child of this process, or one that an earlier process left behind. */
export class ServerProcess {
  private constructor(
    readonly pid: number,
    readonly address: ServerAddress,
    private readonly clusterDir: string,
    private readonly pgCtl: string | null,
    private readonly child: ChildProcess | null,
  ) {}

  /** Starts a server and waits until it takes connections. Throws ServerStartFailure. */
  static async start(options: ServerOptions, signal: AbortSignal): Promise<ServerProcess> {
    const log = await openLog(options.logFile);
    let child: ChildProcess;
    let logStart: number;
    try {
      logStart = (await log.stat()).size;
      child = spawn(options.binaries.postgres, serverArguments(options), {
        ...postgresSpawnOptions(options.binaries.postgres, options.account),
        // An own session: Ctrl-C in a terminal must reach the application only, which stops the server as its last act.
        detached: true,
        stdio: ['ignore', log.fd, log.fd],
      });
      await new Promise((resolve, reject) => child.once('spawn', resolve).once('error', reject));
    } finally {
      await log.close();
    }
    const server = new ServerProcess(
      child.pid ?? 0,
      options.address,
      options.clusterDir,
      options.binaries.pgCtl,
      child,
    );
    try {
      await server.becomeReady(options, logStart, signal);
    } catch (error) {
      await server.shutDown();
      throw error;
    }
    child.unref();
    return server;
  }

  /** Takes over a server that runs already. `pgCtl` is needed on Windows to stop it. */
  static adopt({ pid, address }: PostmasterLock, clusterDir: string, pgCtl: string | null): ServerProcess {
    return new ServerProcess(pid, address, clusterDir, pgCtl, null);
  }

  isRunning(): boolean {
    if (this.child !== null) return this.child.exitCode === null && this.child.signalCode === null;
    return postmasterIsRunning(this, this.clusterDir);
  }

  /** Resolves when the server is gone. Does not keep the process alive. Rejects when `signal` aborts. */
  async exited(signal: AbortSignal): Promise<void> {
    if (this.child !== null) {
      if (this.isRunning()) await once(this.child, 'exit', { signal });
      return;
    }
    while (processIsAlive(this.pid)) await sleep(ADOPTED_POLL_MS, undefined, { ref: false, signal });
  }

  /** Fast shutdown: open transactions are rolled back, everything committed is on disk. Resolves when the server is gone. */
  async shutDown(): Promise<void> {
    this.signal('INT');
    if (await this.isGoneWithin(SHUTDOWN_TIMEOUT_MS)) return;
    this.signal('QUIT');
    await this.isGoneWithin(SHUTDOWN_TIMEOUT_MS);
  }

  /** Asks the server to end: INT is PostgreSQL's fast shutdown, QUIT its immediate one. Synchronous, for the exit handler. */
  signal(name: 'INT' | 'QUIT'): void {
    if (!this.isRunning()) return;
    if (process.platform !== 'win32') {
      process.kill(this.pid, `SIG${name}`);
    } else if (this.pgCtl !== null) {
      // Windows has no signals; pg_ctl knows the server's own pipe for them.
      spawnSync(this.pgCtl, ['kill', name, String(this.pid)], { windowsHide: true });
    }
  }

  private async isGoneWithin(timeoutMs: number): Promise<boolean> {
    const deadline = performance.now() + timeoutMs;
    while (this.isRunning()) {
      if (performance.now() > deadline) return false;
      await sleep(READY_POLL_MS);
    }
    return true;
  }

  private async becomeReady(options: ServerOptions, logStart: number, signal: AbortSignal): Promise<void> {
    const deadline = performance.now() + READY_TIMEOUT_MS;
    for (;;) {
      const lock = await readPostmasterLock(options.clusterDir);
      if (lock?.pid === this.pid && lock.status === 'ready') return;
      const expired = performance.now() > deadline;
      if (expired || !this.isRunning()) {
        const output = await readTail(options.logFile, logStart);
        throw new ServerStartFailure(expired ? 'failed' : classify(output), output);
      }
      await sleep(READY_POLL_MS, undefined, { signal });
    }
  }
}

function serverArguments({ address, clusterDir }: ServerOptions): string[] {
  // On the command line, so that no configuration file can open the server to the network.
  const { socketDir, port } = address;
  const settings = [
    `listen_addresses=${socketDir === null ? '127.0.0.1' : ''}`,
    // A list, in which a comma or a quotation mark of the path would be one of the list.
    `unix_socket_directories=${socketDir === null ? '' : `"${socketDir.replaceAll('"', '""')}"`}`,
    'unix_socket_permissions=0700',
    'logging_collector=off',
    'log_destination=stderr',
  ];
  return ['-D', clusterDir, '-p', String(port), ...settings.flatMap((setting) => ['-c', setting])];
}

function classify(output: string): ServerStartFailure['reason'] {
  if (/lock file ".*" (already exists|is empty)|shared memory block .* still in use/.test(output))
    return 'locked';
  if (/could not create any (TCP\/IP|Unix-domain) sockets|could not bind/.test(output))
    return 'cannot_listen';
  return 'failed';
}

/** Appending, so that a server that outlives this process goes on writing. One old log is kept. */
async function openLog(logFile: string): Promise<FileHandle> {
  const size = await stat(logFile).then(
    (stats) => stats.size,
    () => 0,
  );
  if (size > MAX_LOG_BYTES) await rename(logFile, `${logFile}.1`);
  return open(logFile, constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT, 0o600);
}

async function readTail(logFile: string, start: number): Promise<string> {
  const log = await open(logFile, 'r');
  try {
    const { size } = await log.stat();
    const from = Math.max(start, size - MAX_TAIL_BYTES);
    const { buffer, bytesRead } = await log.read({ position: from, length: Math.max(size - from, 0) });
    return buffer.toString('utf8', 0, bytesRead).trim();
  } finally {
    await log.close();
  }
}
