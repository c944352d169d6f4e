/**
 * The system's code of an error (`ENOENT`, `EACCES`, `28P01` …), if it has one.
 * Asked by shape: errors of Node's own modules are of another realm when the code runs in a VM context, as under Jest.
 */
export function errorCode(error: unknown): string | undefined {
  return typeof error === 'object' && error !== null && 'code' in error && typeof error.code === 'string'
    ? error.code
    : undefined;
}

/** The text of whatever was thrown. */
export function errorMessage(error: unknown): string {
  return typeof error === 'object' && error !== null && 'message' in error
    ? String(error.message)
    : String(error);
}
