import { QueryFailedError } from 'typeorm';
import { errorCodeOf } from '../errors/error-code.js';

/** PostgreSQL's SQLSTATEs of what the product reckons with. */
const FOREIGN_KEY_VIOLATION = '23503';
const UNIQUE_VIOLATION = '23505';
const CHARACTER_NOT_IN_REPERTOIRE = '22021';
const UNDEFINED_TABLE = '42P01';

/** True when a query failed because the row that it refers to was deleted a moment before. */
export function isForeignKeyViolation(error: unknown): boolean {
  return stateOf(error) === FOREIGN_KEY_VIOLATION;
}

/** True when a query failed because a row of this unique constraint or index exists already. */
export function isUniqueViolation(error: unknown, constraint: string): boolean {
  if (stateOf(error) !== UNIQUE_VIOLATION || !(error instanceof QueryFailedError)) return false;
  const cause: unknown = error.driverError;
  return (
    typeof cause === 'object' && cause !== null && 'constraint' in cause && cause.constraint === constraint
  );
}

/** True when a query failed because of a text with a NUL character, the only one that PostgreSQL cannot take. */
export function isUnstorableText(error: unknown): boolean {
  return stateOf(error) === CHARACTER_NOT_IN_REPERTOIRE;
}

/** True when a query failed because a table is not there. */
export function isMissingTable(error: unknown): boolean {
  return stateOf(error) === UNDEFINED_TABLE;
}

function stateOf(error: unknown): string | undefined {
  return error instanceof QueryFailedError ? errorCodeOf(error.driverError) : undefined;
}
