import { Socket } from 'node:net';
import pg from 'pg';
import { DataSource, type QueryRunner, type ReplicationMode } from 'typeorm';
import { PostgresDriver } from 'typeorm/driver/postgres/PostgresDriver.js';
import type { DatabaseStatus, PoolUsage } from '../common/database/database-status.js';
import {
  DatabaseUnavailable,
  isOutdatedPlan,
  isReadOnly,
  meaningOfDatabaseError,
} from '../common/database/database-unavailable.js';
import type { Log } from '../common/logging/log.js';
import type { Clock } from '../common/time/clock.js';
import type { PostgresOptions } from './data-source-options.js';
import { DatabaseWatch, type WatchedDatabase } from './database-watch.js';

/** How long a query may wait for a connection, free or new. */
const CONNECTION_LIMIT_MS = 2000;
/** How long the server may take to end the connections of a data source that is closed. */
const CLOSE_LIMIT_MS = 1000;

/**
 * A data source that does not make its callers wait for a database that is away: every query then fails with
 * `DatabaseUnavailable`, within about two seconds or, once the outage is known, at once.
 */
export class GuardedDataSource extends DataSource implements DatabaseStatus {
  private readonly watch: DatabaseWatch;
  private readonly sockets: ReadonlySet<Socket>;

  constructor(
    options: PostgresOptions,
    private readonly clock: Clock,
    log: Log,
  ) {
    const sockets = new Set<Socket>();
    const extra: unknown = options.extra;
    super({
      ...options,
      connectTimeoutMS: CONNECTION_LIMIT_MS,
      extra: { ...(typeof extra === 'object' && extra), stream: () => openSocket(sockets) },
    });
    const heard = (): number => [...sockets].reduce((sum, { bytesRead }) => sum + bytesRead, 0);
    this.sockets = sockets;
    this.watch = new DatabaseWatch(watchedOf(options), clock, log, heard, () => this.cutAll());
  }

  get isUp(): boolean {
    return !this.watch.isDown;
  }

  get pool(): PoolUsage {
    const pool: unknown = this.driver instanceof PostgresDriver ? this.driver.master : undefined;
    if (!(pool instanceof pg.Pool)) throw new TypeError('The data source has no pool');
    const { totalCount, idleCount, waitingCount } = pool;
    return { inUse: totalCount - idleCount, idle: idleCount, waiting: waitingCount };
  }

  override async initialize(): Promise<this> {
    await super.initialize();
    this.watch.start();
    return this;
  }

  /**
   * The pool only asks the server to end its connections. Whoever stops the server next would otherwise cut some of them, which the
   * pool would report as faults.
   */
  override async destroy(): Promise<void> {
    await this.watch.stop();
    await super.destroy();
    const closed = [...this.sockets].map((socket) => new Promise((resolve) => socket.once('close', resolve)));
    await Promise.race([Promise.all(closed), this.clock.sleep(CLOSE_LIMIT_MS)]);
    this.cutAll();
  }

  override async query<T>(...given: Parameters<DataSource['query']>): Promise<T> {
    try {
      return await super.query<T>(...given);
    } catch (error) {
      throw meaningOfDatabaseError(error);
    }
  }

  /** Everything that TypeORM sends goes through the `query` of a runner. */
  override createQueryRunner(mode?: ReplicationMode): QueryRunner {
    const runner = super.createQueryRunner(mode);
    const send = runner.query.bind(runner) as <T>(...given: unknown[]) => Promise<T>;
    runner.query = async <T>(...given: unknown[]): Promise<T> => {
      if (this.watch.isDown) {
        // A rollback is refused as well: whoever got the connection next would write into the transaction, and lose it.
        if (runner.isTransactionActive) endConnection(runner);
        throw new DatabaseUnavailable();
      }
      try {
        return await send<T>(...given);
      } catch (error) {
        if (isReadOnly(error) || isOutdatedPlan(error)) endConnection(runner);
        throw meaningOfDatabaseError(error);
      }
    };
    return runner;
  }

  /** Cut connections end the queries that wait for an answer, and are not used again. */
  private cutAll(): void {
    for (const socket of this.sockets) socket.destroy();
  }
}

function watchedOf({ url, applicationName }: PostgresOptions): WatchedDatabase {
  if (!url || !applicationName)
    throw new TypeError('The database has no URL, or its connections have no name');
  return { url, applicationName };
}

/** The pool does not lend it again. */
function endConnection(runner: QueryRunner): void {
  const connection: unknown = Reflect.get(runner, 'databaseConnection');
  if (connection instanceof pg.Client) void connection.end();
}

function openSocket(sockets: Set<Socket>): Socket {
  const socket = new Socket();
  sockets.add(socket);
  return socket.once('close', () => sockets.delete(socket));
}
