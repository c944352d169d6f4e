import { realpath } from 'node:fs/promises';
import pg from 'pg';
import { errorCodeOf } from '../../common/errors/error-code.js';
import { RefusedAuthentication, SecuredClient } from '../secured-client.js';
import type { ClusterPaths } from './data-directory.js';
import { EmbeddedPostgresError } from './embedded-postgres-error.js';
import { ensurePassword, readPassword } from './password-file.js';
import { serverUrl, type ServerAddress } from './server-address.js';

/** The superuser that initdb makes. Only what is in this file is done in its name. */
export const ADMINISTRATOR = 'ringdrop';

/** What the application is on its database: the owner of the database and its tables, and nothing on the server. */
const APPLICATION_ROLE = 'ringdrop_app';

const CONNECT_TIMEOUT_MS = 15_000;
const INVALID_PASSWORD = '28P01';
/** Any number that means this and nothing else on the server. */
const ROLE_LOCK = 7_464_210_918;

/**
 * What belongs to the administrator in the schema of the product, as statements that give it to the application's role. Before
 * there was such a role everything did, and what is restored in its name does again. Parts of extensions stay, and sequences
 * follow the tables whose columns they count.
 */
const FOREIGN_OBJECTS = `
  SELECT format('ALTER %s %s OWNER TO ${APPLICATION_ROLE}', kind, name) AS statement FROM (
    SELECT oid, tableoid, relowner AS owner, relnamespace AS namespace, oid::regclass::text AS name,
      CASE relkind WHEN 'v' THEN 'VIEW' WHEN 'm' THEN 'MATERIALIZED VIEW' WHEN 'S' THEN 'SEQUENCE' ELSE 'TABLE' END AS kind
    FROM pg_class WHERE relkind IN ('r', 'p', 'v', 'm', 'S')
    UNION ALL
    SELECT oid, tableoid, proowner, pronamespace, oid::regprocedure::text, 'ROUTINE' FROM pg_proc
    UNION ALL
    SELECT oid, tableoid, typowner, typnamespace, oid::regtype::text, 'TYPE' FROM pg_type WHERE typtype IN ('e', 'd', 'r')
  ) AS objects
  WHERE namespace = 'public'::regnamespace AND owner = current_user::regrole
    AND NOT EXISTS (SELECT FROM pg_depend
      WHERE classid = objects.tableoid AND objid = objects.oid AND (deptype = 'e' OR kind = 'SEQUENCE' AND deptype IN ('a', 'i')))`;

/**
 * Makes the role that the application works with, or sets it right, as the administrator of the server, which is looked at first:
 * it must be the one of this directory. Several processes may do this at once.
 * @returns the URL for the application
 */
export async function openForApplication(address: ServerAddress, paths: ClusterPaths): Promise<string> {
  const administrator = serverUrl(address, ADMINISTRATOR, await readPassword(paths.passwordFile));
  return withClient(administrator, paths, async (client) => {
    await requireOwnServer(client, paths.clusterDir);
    await client.query(`BEGIN; SELECT pg_advisory_xact_lock(${ROLE_LOCK})`);
    const password = await ensurePassword(paths.applicationPasswordFile);
    await makeApplicationRole(client, password);
    await client.query('COMMIT');
    return serverUrl(address, APPLICATION_ROLE, password);
  });
}

async function makeApplicationRole(client: pg.Client, password: string): Promise<void> {
  const { rowCount } = await client.query('SELECT FROM pg_roles WHERE rolname = $1', [APPLICATION_ROLE]);
  await client.query(
    `${rowCount === 0 ? 'CREATE' : 'ALTER'} ROLE ${APPLICATION_ROLE} LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE
       NOREPLICATION NOBYPASSRLS PASSWORD ${pg.escapeLiteral(password)}`,
  );
  // Whoever owns the database may make tables in its schema "public".
  await client.query(`ALTER DATABASE postgres OWNER TO ${APPLICATION_ROLE}`);
  const { rows } = await client.query<{ statement: string }>(FOREIGN_OBJECTS);
  for (const { statement } of rows) await client.query(statement);
}

/** Makes sure that the server is the one of `clusterDir`: after a crash a place to listen may belong to somebody else. */
async function requireOwnServer(client: pg.Client, clusterDir: string): Promise<void> {
  const { rows } = await client.query<{ data_directory: string }>('SHOW data_directory');
  const served = rows[0]?.data_directory ?? '';
  if ((await realpath(served)) === clusterDir) return;
  throw new EmbeddedPostgresError(
    `The server of ${clusterDir} serves ${served}. Stop that server and start again.`,
  );
}

async function withClient<T>(
  url: string,
  { clusterDir, passwordFile }: ClusterPaths,
  work: (client: pg.Client) => Promise<T>,
): Promise<T> {
  const client = new SecuredClient({ connectionString: url, connectionTimeoutMillis: CONNECT_TIMEOUT_MS });
  // A connection that breaks between two queries is reported here; the query in progress rejects by itself.
  client.on('error', () => undefined);
  try {
    await client.connect();
    return await work(client);
  } catch (cause) {
    if (cause instanceof RefusedAuthentication) {
      throw new EmbeddedPostgresError(
        `Another program listens in the place of ${clusterDir}: ${cause.message}`,
        {
          cause,
        },
      );
    }
    if (errorCodeOf(cause) !== INVALID_PASSWORD) throw cause;
    throw new EmbeddedPostgresError(
      `The password in ${passwordFile} does not open ${clusterDir}. Restore both from the same backup, or set DATA_DIR to another directory.`,
      { cause },
    );
  } finally {
    await client.end().catch(() => undefined);
  }
}
