/**
 * The embedded database cannot be used, and a person has to act. The message says what to change, usually DATA_DIR or DATABASE_URL.
 */
export class EmbeddedPostgresError extends Error {
  override readonly name = 'EmbeddedPostgresError';
}
