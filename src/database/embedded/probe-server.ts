import { realpath } from 'node:fs/promises';
import pg from 'pg';
import { errorCodeOf } from '../../common/errors/error-code.js';
import { EmbeddedPostgresError } from './embedded-postgres-error.js';

const CONNECT_TIMEOUT_MS = 15_000;
const INVALID_PASSWORD = '28P01';

/** Logs in and makes sure that the server behind `url` is the one of `clusterDir`: after a crash a port may belong to somebody else. */
export async function probeServer(url: string, clusterDir: string, passwordFile: string): Promise<void> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: CONNECT_TIMEOUT_MS });
  // A connection that breaks between two queries is reported here; the query in progress rejects by itself.
  client.on('error', () => undefined);
  try {
    await client.connect();
    const { rows } = await client.query<{ data_directory: string }>('SHOW data_directory');
    const served = rows[0]?.data_directory ?? '';
    if ((await realpath(served)) === clusterDir) return;
    throw new EmbeddedPostgresError(
      `The server on the port of ${clusterDir} serves ${served}. Stop that server and start again.`,
    );
  } catch (cause) {
    if (errorCodeOf(cause) !== INVALID_PASSWORD) throw cause;
    throw new EmbeddedPostgresError(
      `The password in ${passwordFile} does not open ${clusterDir}. Restore both from the same backup, or set DATA_DIR to another directory.`,
      { cause },
    );
  } finally {
    await client.end().catch(() => undefined);
  }
}
