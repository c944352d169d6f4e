import {
  QueryFailedError,
  QueryRunnerAlreadyReleasedError,
  QueryRunnerProviderAlreadyReleasedError,
} from 'typeorm';
import { DomainError } from '../errors/domain-error.js';
import { errorCodeOf } from '../errors/error-code.js';

const RETRY_AFTER_SECONDS = 2;

/** The database cannot be reached, does not answer, or takes no changes. What was to be written may or may not be stored. */
export class DatabaseUnavailable extends DomainError {
  readonly code = 'database_unavailable';
  readonly kind = 'unavailable';
  override readonly retryAfterSeconds = RETRY_AFTER_SECONDS;
  constructor(cause?: unknown) {
    super('Database is not available', { cause });
  }
}

/** Errors of the network. */
const NETWORK_CODES = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  'ETIMEDOUT',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOENT',
]);

/** PostgreSQL's SQLSTATE of a transaction that may not write. */
const READ_ONLY = '25006';
/** The SQLSTATE of "cached plan must not change result type", and of nothing else that the product asks for. */
const FEATURE_NOT_SUPPORTED = '0A000';

/**
 * PostgreSQL's SQLSTATEs of a server that cannot do its work now: classes 08 (connection), 53 (disk full, out of memory, too
 * many connections), 57 (shutting down, starting up, out of time) and 58 (input and output), a database that takes no
 * connections for now, a lock that is not to be had, and a transaction that was ended because this process had been silent for
 * too long in it.
 */
const SERVER_STATES = /^(08|53|57|58)|^(55000|55P03|25P03)$/;

/** What pg 8 and its pool say without a code. */
const CONNECTION_WORDS =
  /^(Connection terminated|timeout exceeded when trying to connect|Client (was closed|has encountered))/;

/** True when the database takes no changes, or this connection to it: a new one may go to a server that does. */
export function isReadOnly(error: unknown): boolean {
  return error instanceof QueryFailedError && errorCodeOf(error.driverError) === READ_ONLY;
}

/** True when a table was changed under a prepared statement so that it returns something else; a new connection prepares it again. */
export function isOutdatedPlan(error: unknown): boolean {
  return error instanceof QueryFailedError && errorCodeOf(error.driverError) === FEATURE_NOT_SUPPORTED;
}

/** TypeORM takes a runner away from its transaction when the connection under it breaks between two statements. */
function isOnLostConnection(error: unknown): boolean {
  return (
    error instanceof QueryRunnerAlreadyReleasedError ||
    error instanceof QueryRunnerProviderAlreadyReleasedError
  );
}

/** The error as the product speaks of it: `DatabaseUnavailable` when nothing is wrong with the query itself. */
export function meaningOfDatabaseError(error: unknown): unknown {
  const cause: unknown = error instanceof QueryFailedError ? error.driverError : error;
  const code = errorCodeOf(cause);
  if (isOnLostConnection(error)) return new DatabaseUnavailable(error);
  const isUnavailable =
    code === undefined
      ? cause instanceof Error && CONNECTION_WORDS.test(cause.message)
      : NETWORK_CODES.has(code) || SERVER_STATES.test(code) || code === READ_ONLY;
  return isUnavailable ? new DatabaseUnavailable(cause) : error;
}
