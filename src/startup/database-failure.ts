import { errorCodeOf } from '../common/errors/error-code.js';
import { StartFailure } from './start-failure.js';

/** Errors of the network, and the five characters of an SQLSTATE. */
const DATABASE_CODES = /^(E[A-Z_]+|[0-9A-Z]{5})$/;

/** A database that cannot be reached or used, in words; other errors, also those of files, stay as they are. */
export function databaseFailure(error: unknown): unknown {
  const code = errorCodeOf(error);
  if (!(error instanceof Error) || 'path' in error || code === undefined || !DATABASE_CODES.test(code))
    return error;
  const reason = error.message === '' ? code : `${error.message} (${code})`;
  return new StartFailure(`The database cannot be used: ${reason}. Check DATABASE_URL.`, { cause: error });
}
