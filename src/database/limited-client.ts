import pg from 'pg';
import { preparedName } from '../common/database/prepared-statements.js';
import { SecuredClient } from './secured-client.js';

/** How long the server lets a statement, and a transaction, take. Milliseconds; 0 = without end. */
export interface TimeLimits {
  readonly statementMs: number;
  /** The wait for a row or table that somebody else holds. */
  readonly lockMs: number;
  /** Between two statements of a transaction. */
  readonly idleInTransactionMs: number;
}

export const NO_LIMITS: TimeLimits = { statementMs: 0, lockMs: 0, idleInTransactionMs: 0 };

type Send = (text: unknown, ...rest: unknown[]) => Promise<pg.QueryResult>;

const BEGINS = /^\s*(START TRANSACTION|BEGIN)\b/i;
const ENDS = /^\s*(COMMIT|ROLLBACK)\s*$/i;

/**
 * A kind of client whose statements the server ends in time, whatever is between them.
 *
 * A pooler that lends a server process for one transaction (PgBouncer, RDS Proxy, the ones of Supabase and Neon) refuses
 * settings at the start of a connection or loses them, and what is set later stays with a process that others get next. So
 * they are set for the connection only when the process that answers is the one that greeted, and else for each transaction.
 */
export function limitedClient(limits: TimeLimits, applicationName: string): typeof pg.Client {
  const settings = {
    statement_timeout: limits.statementMs,
    lock_timeout: limits.lockMs,
    idle_in_transaction_session_timeout: limits.idleInTransactionMs,
  };
  const isLimited = Object.values(settings).some((ms) => ms > 0);
  const forTransaction = [
    ...Object.entries(settings).map(([name, ms]) => `SET LOCAL ${name} = ${ms}`),
    // Not every pooler passes on the name that the connection was opened with.
    `SET LOCAL application_name = ${pg.escapeLiteral(applicationName)}`,
  ].join('; ');

  return class LimitedClient extends SecuredClient {
    private isInTransaction = false;
    private isPooled = false;
    private readonly open: () => Promise<unknown>;
    private readonly send: Send;

    constructor(config?: pg.ClientConfig) {
      super({ ...config, application_name: applicationName });
      // pg 8.23 says that a connection is there one tick after it is ready, and its pool listens for errors only then:
      // without a listener a connection that is cut in between would end the process.
      this.on('error', () => undefined);
      this.open = () => super.connect();
      this.connect = this.connectWithLimits.bind(this) as typeof this.connect;
      this.send = this.query.bind(this) as Send;
      this.query = this.limitedQuery.bind(this) as typeof this.query;
    }

    private connectWithLimits(callback?: (error: unknown) => void): Promise<void> | void {
      const connected = this.open().then(() => this.setLimits());
      if (callback) connected.then(() => callback(null), callback);
      else return connected;
    }

    private async setLimits(): Promise<void> {
      const greeted = Number(Reflect.get(this, 'processID'));
      const values = Object.entries(settings).map(([name, ms]) => `set_config('${name}', '${ms}', false)`);
      const { rows }: { rows: unknown[] } = await this.send(
        `SELECT CASE WHEN pg_backend_pid() = (${greeted}) THEN ARRAY[${values.join(', ')}] END AS settings`,
      );
      this.isPooled = Reflect.get(Object(rows[0]), 'settings') === null;
      // A transaction around a statement then takes no more round trips than the statement.
      Reflect.set(this, 'pipeline', this.isPooled);
    }

    private limitedQuery(text: unknown, ...rest: unknown[]): Promise<pg.QueryResult> {
      if (typeof text !== 'string') return this.send(text, ...rest);
      if (!this.isPooled) return this.sendDirectly(text, rest);
      if (BEGINS.test(text)) {
        this.isInTransaction = true;
        return this.send(`${text}; ${forTransaction}`);
      }
      if (ENDS.test(text)) this.isInTransaction = false;
      else if (isLimited && !this.isInTransaction) return this.sendInTransaction(text, rest);
      return this.send(text, ...rest);
    }

    /** A pooler may lend another server process next time, which knows nothing of a prepared statement. */
    private sendDirectly(text: string, rest: unknown[]): Promise<pg.QueryResult> {
      const name = preparedName(text);
      const [values, ...more] = rest;
      return name === undefined ? this.send(text, ...rest) : this.send({ name, text, values }, ...more);
    }

    private async sendInTransaction(text: string, rest: unknown[]): Promise<pg.QueryResult> {
      const [begun, done, committed] = await Promise.allSettled([
        this.send(`START TRANSACTION; ${forTransaction}`),
        this.send(text, ...rest),
        // Rolls back when the statement has failed.
        this.send('COMMIT'),
      ]);
      if (begun.status === 'rejected') throw begun.reason;
      if (done.status === 'rejected') throw done.reason;
      if (committed.status === 'rejected') throw committed.reason;
      return done.value;
    }
  };
}
