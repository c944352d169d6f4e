/** Connections of this process to the database. */
export interface PoolUsage {
  readonly inUse: number;
  readonly idle: number;
  /** Queries that wait for a connection. */
  readonly waiting: number;
}

/** How the database is doing, without asking it. */
export abstract class DatabaseStatus {
  /** False from the first missed sign of life to the next one that comes; noticed within about a second. */
  abstract readonly isUp: boolean;
  abstract readonly pool: PoolUsage;
}
