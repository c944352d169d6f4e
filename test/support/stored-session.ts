import { runSql } from './postgres.js';

/** What the database holds of the session of one instance. */
export interface StoredSession {
  /** 0 or 1 row. */
  readonly credentials: number;
  readonly linked: boolean | null;
  readonly keys: number;
  readonly preKeys: number;
  /** Failed attempts to connect in a row; `null` without credentials. */
  readonly attempt: number | null;
  /** Epoch milliseconds before which nobody reconnects. */
  readonly notBefore: number | null;
}

/** Reads the rows of one session as an operator with `psql` would. */
export async function storedSession(databaseUrl: string, instanceId: string): Promise<StoredSession> {
  const row = await runSql(
    databaseUrl,
    `SELECT json_build_object(
       'credentials', count(c.*), 'linked', bool_or(c.linked),
       'keys', (SELECT count(*) FROM session_keys WHERE instance_id = i.id),
       'preKeys', (SELECT count(*) FROM session_keys WHERE instance_id = i.id AND type = 'pre-key'),
       'attempt', max(c.reconnect_attempt),
       'notBefore', (extract(epoch FROM max(c.reconnect_not_before)) * 1000)::bigint)
     FROM (SELECT '${instanceId}'::uuid AS id) AS i LEFT JOIN session_credentials AS c ON c.instance_id = i.id
     GROUP BY i.id`,
  );
  return row as StoredSession;
}

export const NOTHING_STORED: StoredSession = {
  credentials: 0,
  linked: null,
  keys: 0,
  preKeys: 0,
  attempt: null,
  notBefore: null,
};
