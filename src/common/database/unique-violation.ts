import { QueryFailedError } from 'typeorm';
import { errorCodeOf } from '../errors/error-code.js';

/** PostgreSQL's SQLSTATE of a row that breaks a unique constraint. */
const UNIQUE_VIOLATION = '23505';

/** True when a query failed because a row of this unique constraint or index exists already. */
export function isUniqueViolation(error: unknown, constraint: string): boolean {
  if (!(error instanceof QueryFailedError)) return false;
  const cause: unknown = error.driverError;
  if (typeof cause !== 'object' || cause === null || !('constraint' in cause)) return false;
  return errorCodeOf(cause) === UNIQUE_VIOLATION && cause.constraint === constraint;
}
