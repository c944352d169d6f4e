import { QueryFailedError } from 'typeorm';
import { errorCodeOf } from '../errors/error-code.js';

/** PostgreSQL's SQLSTATE `undefined_table`. */
const UNDEFINED_TABLE = '42P01';

/** True when a query failed because a table is not there. */
export function isMissingTable(error: unknown): boolean {
  return error instanceof QueryFailedError && errorCodeOf(error.driverError) === UNDEFINED_TABLE;
}
