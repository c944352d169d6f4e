import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { openForApplication } from './administration.js';
import { clusterExists } from './cluster.js';
import {
  directoryFailure,
  openDataDirectory,
  requireOpenDataDirectory,
  type ClusterPaths,
} from './data-directory.js';
import { EmbeddedPostgresError } from './embedded-postgres-error.js';
import { errorMessage, reasonIn } from './error-message.js';
import { Ownership } from './ownership.js';
import { postmasterIsRunning, readPostmasterLock } from './postmaster-lock.js';
import { chooseServerAccount } from './server-account.js';
import { isSameAddress, type ServerAddress } from './server-address.js';
import { ServerLauncher, type LaunchedServer } from './server-launcher.js';
import { ServerProcess, ServerStartFailure } from './server-process.js';

const GUEST_POLL_MS = 100;
/** How long a guest waits for the owner to bring up the server before it takes the owner for dead (pids can be reused). */
const OWNER_PATIENCE_MS = 60_000;
const GUEST_PROBES = 5;
/** A server that lived shorter than this is restarted with growing delays. */
const STABLE_MS = 30_000;
const FIRST_RESTART_DELAY_MS = 100;
const MAX_RESTART_DELAY_MS = 5_000;
/** No ring is left by then that the application could still hang up; its next start may take another port, and says what is wrong. */
const GIVE_UP_MS = 120_000;

/** Receives a constant sentence and its details. */
export type SupervisorLog = (message: string, details?: object) => void;

/** What only tests set. */
interface SupervisorOptions {
  readonly giveUpMs?: number;
  readonly overTcp?: boolean;
}

/** Everything that exists once the data directory is open. */
interface Site {
  paths: ClusterPaths;
  ownership: Ownership;
  launcher: ServerLauncher;
}

/** Keeps the server of one data directory running for this application; see startEmbeddedPostgres for the rules of ownership. */
export class PostgresSupervisor {
  private readonly closing = new AbortController();
  private site: Site | undefined;
  private server: ServerProcess | undefined;
  private supervision: Promise<void> = Promise.resolve();
  private stopped: Promise<void> | undefined;
  private currentUrl = '';
  private wasAdopted = false;

  constructor(
    private readonly dataDir: string,
    private readonly log: SupervisorLog,
    private readonly onFailure: (error: EmbeddedPostgresError) => void,
    private readonly options: SupervisorOptions = {},
  ) {}

  get url(): string {
    return this.currentUrl;
  }

  get adopted(): boolean {
    return this.wasAdopted;
  }

  /** Resolves when the server takes connections. Throws EmbeddedPostgresError. */
  async start(): Promise<void> {
    process.once('exit', this.onExit);
    try {
      const site = await this.openSite();
      const startedAt = performance.now();
      const { server, adopted } = await this.connect(site, null);
      this.wasAdopted = adopted;
      this.log('embedded PostgreSQL is ready', {
        directory: site.paths.clusterDir,
        ...server.address,
        adopted,
        durationMs: Math.round(performance.now() - startedAt),
      });
      this.supervision = this.supervise(site, server);
    } catch (error) {
      await this.stop().catch(() => undefined);
      throw explain(error, this.dataDir);
    }
  }

  stop(): Promise<void> {
    this.stopped ??= this.close();
    return this.stopped;
  }

  private async openSite(): Promise<Site> {
    const paths = await openDataDirectory(path.resolve(this.dataDir));
    const account = await chooseServerAccount(paths.clusterDir);
    await requireOpenDataDirectory(paths.dataDir, account);
    // Before the claim is written: a directory of somebody else stays as it is.
    await clusterExists(paths.clusterDir);
    this.site = {
      paths,
      ownership: new Ownership(paths.ownerFile),
      launcher: new ServerLauncher(
        paths,
        account,
        this.options.overTcp ?? process.platform === 'win32',
        this.log,
      ),
    };
    return this.site;
  }

  /** A server that answered a query. `fixed`: the only address that will do, `null` for any. */
  private async connect(site: Site, fixed: ServerAddress | null): Promise<LaunchedServer> {
    for (let probes = 1; ; probes += 1) {
      const launched = await this.acquire(site, fixed);
      // A child of ours is stopped even when it turns out to be unusable; a server found running only once it is proven to be ours.
      if (!launched.adopted) this.server = launched.server;
      try {
        this.currentUrl = await openForApplication(launched.server.address, site.paths);
        this.server = launched.server;
        return launched;
      } catch (error) {
        // An adopted server may be in the middle of its owner's stop.
        if (error instanceof EmbeddedPostgresError || !launched.adopted || probes === GUEST_PROBES)
          throw error;
      }
      await sleep(GUEST_POLL_MS, undefined, { signal: this.closing.signal });
    }
  }

  /** As the owner, brings the server up; as a guest, waits until the owner has. */
  private async acquire(
    { paths, ownership, launcher }: Site,
    fixed: ServerAddress | null,
  ): Promise<LaunchedServer> {
    const patientUntil = performance.now() + OWNER_PATIENCE_MS;
    for (;;) {
      if (await ownership.claim()) break;
      const lock = await readPostmasterLock(paths.clusterDir);
      if (lock?.status === 'ready' && postmasterIsRunning(lock, paths.clusterDir)) {
        if (!launcher.isUsable(lock.address)) throw olderOwner(paths.clusterDir);
        if (fixed === null || isSameAddress(lock.address, fixed)) {
          return { server: ServerProcess.adopt(lock, paths.clusterDir, null), adopted: true };
        }
      }
      if (performance.now() > patientUntil && (await ownership.takeOver())) break;
      await sleep(GUEST_POLL_MS, undefined, { signal: this.closing.signal });
    }
    return launcher.launch(fixed, this.closing.signal);
  }

  /** Restarts the server whenever it ends, until stop(), or until it has to be given up. Never rejects. */
  private async supervise(site: Site, first: ServerProcess): Promise<void> {
    const { signal } = this.closing;
    let server = first;
    let failures = 0;
    let readyAt = performance.now();
    try {
      for (;;) {
        await server.exited(signal);
        if (performance.now() - readyAt > STABLE_MS) failures = 0;
        this.log('embedded PostgreSQL ended without being asked to, starting it again', {
          pid: server.pid,
          failures,
        });
        server = await this.revive(site, server.address, failures);
        failures += 1;
        readyAt = performance.now();
      }
    } catch (error) {
      if (!signal.aborted) this.onFailure(asEmbeddedPostgresError(explain(error, this.dataDir)));
    }
  }

  private async revive(site: Site, address: ServerAddress, earlierFailures: number): Promise<ServerProcess> {
    const { signal } = this.closing;
    const givingUpAt = performance.now() + (this.options.giveUpMs ?? GIVE_UP_MS);
    for (let failures = earlierFailures; ; failures += 1) {
      const delayMs =
        failures === 0 ? 0 : Math.min(FIRST_RESTART_DELAY_MS * 2 ** failures, MAX_RESTART_DELAY_MS);
      await sleep(delayMs, undefined, { signal, ref: false });
      try {
        await requireCluster(site.paths);
        const { server } = await this.connect(site, address);
        this.log('embedded PostgreSQL is back', { pid: server.pid, ...address });
        return server;
      } catch (error) {
        signal.throwIfAborted();
        if (error instanceof EmbeddedPostgresError || performance.now() > givingUpAt) throw error;
        this.log('embedded PostgreSQL could not be started again, trying once more', {
          err: error,
          failures,
        });
      }
    }
  }

  private async close(): Promise<void> {
    this.closing.abort();
    await this.supervision;
    process.off('exit', this.onExit);
    if (this.site === undefined) return;
    // A guest whose owner was killed inherits the server, and with it the duty to stop it.
    if (await this.site.ownership.claim()) await this.server?.shutDown();
    this.site.ownership.release();
  }

  /** The safety net of a process that ends without stop(). Only synchronous work is possible here. */
  private readonly onExit = (): void => {
    if (this.site?.ownership.isMine()) this.server?.signal('INT');
  };
}

/** An application that works with the data must not go on with an empty database. */
async function requireCluster({ clusterDir }: ClusterPaths): Promise<void> {
  if (await clusterExists(clusterDir)) return;
  throw new EmbeddedPostgresError(
    `The database in ${clusterDir} was removed while Ringdrop worked with it. Restore a backup, or start again with an empty database.`,
  );
}

function olderOwner(clusterDir: string): EmbeddedPostgresError {
  return new EmbeddedPostgresError(
    `An older release of Ringdrop is running on ${clusterDir}. Stop it before this one is started.`,
  );
}

function explain(error: unknown, dataDir: string): unknown {
  if (error instanceof ServerStartFailure) {
    return new EmbeddedPostgresError(
      `The embedded PostgreSQL in DATA_DIR ${dataDir} does not start: ${reasonIn(error.output)}`,
      { cause: error },
    );
  }
  return directoryFailure(error, dataDir) ?? error;
}

function asEmbeddedPostgresError(error: unknown): EmbeddedPostgresError {
  if (error instanceof EmbeddedPostgresError) return error;
  return new EmbeddedPostgresError(`The embedded PostgreSQL cannot be kept running: ${errorMessage(error)}`, {
    cause: error,
  });
}
