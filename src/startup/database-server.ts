import type { Log } from '../common/logging/log.js';
import type { AppConfig } from '../config/app-config.js';
import { startEmbeddedPostgres } from '../database/embedded-postgres.js';

/** The database server in use. */
export interface DatabaseServer {
  readonly url: string;
  /** Call it after the last query. */
  stop(): Promise<void>;
}

/** The operator's server when `DATABASE_URL` is set, else the embedded one of `DATA_DIR`. */
export async function openDatabaseServer(config: AppConfig, log: Log): Promise<DatabaseServer> {
  if (config.databaseUrl !== undefined) return { url: config.databaseUrl, stop: () => Promise.resolve() };
  return startEmbeddedPostgres({
    dataDir: config.dataDir,
    log: (message, details) => log.info(message, { ...details }),
  });
}
