/** False: the Debian package pgbouncer is not installed. */
export function hasPooler(): boolean;

/** Starts PgBouncer in transaction mode. `url` has the same role and database as the server's. */
export function startPooler(
  serverUrl: string,
  account: { readonly uid: number; readonly gid: number },
  poolSize?: number,
): Promise<{ readonly url: string; stop(): Promise<void> }>;
