import type { EmbeddedPostgresError } from './embedded/embedded-postgres-error.js';
import { PostgresSupervisor, type SupervisorLog } from './embedded/postgres-supervisor.js';

/** The PostgreSQL server of a data directory, in use by this application. */
export interface EmbeddedPostgres {
  /** `postgres://…` with role, password, socket and database. It stays valid when the server is restarted. */
  readonly url: string;
  /** True when the server was already running: left by an application that was killed, or owned by another one that is alive. */
  readonly adopted: boolean;
  /**
   * Ends the use of the server: call it after the last query. Stops the server, unless another living application owns it. May be
   * called twice; resolves when the server is gone.
   */
  stop(): Promise<void>;
}

/**
 * Starts the PostgreSQL of `<dataDir>/postgres`, or adopts the one that runs there already, and keeps it running until `stop()`.
 *
 * - One application owns the server: it starts it, restarts it at the same place when it dies, and stops it. An application that finds a
 *   server without a living owner becomes the owner. A second application on the same directory (the migration command beside the
 *   product) is a guest: it uses the server and leaves it running. When the owner ends, its server ends with it, and a guest that is
 *   still there starts it again at the same place within about a second; queries in between fail. Where more than one process is the
 *   rule and not the exception, use a PostgreSQL server of your own through DATABASE_URL.
 * - A server that a person has to help (its data was removed or damaged), or that could not be started again for two minutes, is given
 *   up: `onFailure` says why.
 * - As root the server runs as the owner of the existing data, or as `postgres`, or as `nobody`.
 * - If the process ends without `stop()`, an exit handler asks the server to shut down. If it is killed, the server stays and the next
 *   start adopts it.
 *
 * Throws EmbeddedPostgresError with a message for the operator: no binaries for this platform, a data directory that is closed to the
 * server, made by another major version or not PostgreSQL's at all.
 */
export async function startEmbeddedPostgres(options: {
  dataDir: string;
  log?: SupervisorLog;
  /** Called at most once: the server has ended and will not be started again. `stop()` is still to be called. */
  onFailure?: (error: EmbeddedPostgresError) => void;
}): Promise<EmbeddedPostgres> {
  const { dataDir, log = () => undefined, onFailure = () => undefined } = options;
  const supervisor = new PostgresSupervisor(dataDir, log, onFailure);
  await supervisor.start();
  return supervisor;
}
