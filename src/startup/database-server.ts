import type { FatalFaults } from '../common/errors/fatal-faults.js';
import type { Log } from '../common/logging/log.js';
import type { AppConfig } from '../config/app-config.js';
import {
  chooseDataDirectory,
  directoryFailure,
  type DataPlace,
} from '../database/embedded/data-directory.js';
import { startEmbeddedPostgres } from '../database/embedded-postgres.js';
import { resolveEncryptionKeys } from '../database/encryption-keys.js';
import { SecuredClient } from '../database/secured-client.js';
import { StartFailure } from './start-failure.js';

/** The database server in use, and the keys of what is sealed in its database. */
export interface DatabaseServer {
  readonly url: string;
  /** Newest first, at least one. */
  readonly encryptionKeys: readonly Buffer[];
  /** Where the embedded server keeps its data; `undefined`: the server is the operator's. */
  readonly place: DataPlace | undefined;
  /** Call it after the last query. */
  stop(): Promise<void>;
}

/**
 * The operator's server when `DATABASE_URL` is set, else the embedded one. Everything that opens the database does it here,
 * so that all agree on the place of the data.
 * @param faults hears of an embedded server that has ended for good; who works for a short time only needs none
 * @throws ConfigurationError, EmbeddedPostgresError
 */
export async function openDatabaseServer(
  config: AppConfig,
  log: Log,
  faults?: FatalFaults,
): Promise<DatabaseServer> {
  const { databaseUrl, encryptionKeys } = config;
  if (databaseUrl !== undefined) {
    requireUsableUrl(databaseUrl);
    return { url: databaseUrl, encryptionKeys, place: undefined, stop: () => Promise.resolve() };
  }
  const place = await chooseDataDirectory(config.dataDir);
  if (place.closedFolder !== undefined) {
    log.info(
      'PostgreSQL does not run as root, and its user cannot reach ./data: the data is kept elsewhere',
      { ...place },
    );
  }
  // The key file belongs to the embedded database from its first moment on.
  const keys = await resolveEncryptionKeys(encryptionKeys, place.dataDir).catch((error: unknown) => {
    throw directoryFailure(error, place.dataDir) ?? error;
  });
  const server = await startEmbeddedPostgres({
    dataDir: place.dataDir,
    log: (message, details) => log.info(message, { ...details }),
    onFailure: ({ message }) =>
      faults?.report({ reason: 'the embedded database has ended for good', advice: message }),
  });
  return { url: server.url, encryptionKeys: keys, place, stop: () => server.stop() };
}

/** A URL may name files of certificates, which are read before anything is sent. */
function requireUsableUrl(connectionString: string): void {
  try {
    new SecuredClient({ connectionString });
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new StartFailure(`DATABASE_URL cannot be used: ${reason}`, { cause });
  }
}
