/**
 * The code of an error of Node (`EADDRINUSE`) or of the database (an SQLSTATE), if it has one. Asked by shape: errors of
 * Node's own modules are of another realm when the code runs in a VM context, as under Jest.
 */
export function errorCodeOf(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null || !('code' in error)) return undefined;
  return typeof error.code === 'string' ? error.code : undefined;
}
