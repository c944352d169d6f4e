import type { FatalFaults } from '../common/errors/fatal-faults.js';
import type { Log } from '../common/logging/log.js';
import type { AppConfig } from '../config/app-config.js';
import { chooseDataDirectory, type DataPlace } from '../database/embedded/data-directory.js';
import { startEmbeddedPostgres } from '../database/embedded-postgres.js';
import { resolveEncryptionKeys } from '../database/encryption-keys.js';

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
  const keys = await resolveEncryptionKeys(encryptionKeys, place.dataDir);
  const server = await startEmbeddedPostgres({
    dataDir: place.dataDir,
    log: (message, details) => log.info(message, { ...details }),
    onFailure: ({ message }) =>
      faults?.report({ reason: 'the embedded database has ended for good', advice: message }),
  });
  return { url: server.url, encryptionKeys: keys, place, stop: () => server.stop() };
}
