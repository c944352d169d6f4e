const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/**
 * Names of accounts stand in paths: 1 to 100 letters, digits, `_` and `-`. A name never looks like an id (a UUID), so
 * that a path has one meaning.
 */
export const ACCOUNT_NAME_PATTERN =
  /^(?![0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$)[A-Za-z0-9_-]{1,100}$/;

/** Largest instance limit: what a PostgreSQL integer holds. */
export const MAX_INSTANCE_LIMIT = 2_147_483_647;

/** Largest rate limit that an administrator can give an account. */
export const MAX_RATE_LIMIT = 10_000_000;

/** True for text that can only be an account's id. */
export function looksLikeAccountId(text: string): boolean {
  return UUID.test(text);
}
