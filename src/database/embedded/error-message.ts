/** The text of whatever was thrown. */
export function errorMessage(error: unknown): string {
  return typeof error === 'object' && error !== null && 'message' in error
    ? String(error.message)
    : String(error);
}

/** Of what PostgreSQL has written, the first line that says what is wrong, or the last one. */
export function reasonIn(output: string): string {
  const lines = output.trim().split('\n');
  const failed = lines.map((line) => /(?:FATAL|PANIC|ERROR|error): +(.*)/.exec(line)?.[1]);
  return failed.find((reason) => reason !== undefined) ?? lines.at(-1) ?? '';
}
