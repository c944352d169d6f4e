import { QueryFailedError } from 'typeorm';
import { errorCodeOf } from '../errors/error-code.js';

/** PostgreSQL's SQLSTATE of a row that refers to one that does not exist. */
const FOREIGN_KEY_VIOLATION = '23503';

/** True when a query failed because the row that it refers to was deleted a moment before. */
export function isForeignKeyViolation(error: unknown): boolean {
  return error instanceof QueryFailedError && errorCodeOf(error.driverError) === FOREIGN_KEY_VIOLATION;
}
