const MAX_CAUSES = 5;

/** What a log line tells about an error. */
export interface ErrorDescription {
  readonly type: string;
  readonly message: string;
  readonly code?: string | number;
  readonly stack?: string;
  readonly cause?: ErrorDescription;
}

/**
 * Picks the fields of an error that may be logged. Everything else stays out: a failed query carries its parameters,
 * a failed HTTP request its headers, and both can hold secrets.
 */
export function describeError(error: unknown, depth = 0): ErrorDescription {
  if (!(error instanceof Error)) return { type: typeof error, message: textOf(error) };
  const { cause, message, stack } = error;
  const code = 'code' in error ? error.code : undefined;
  return {
    type: error.name,
    message,
    ...(typeof code === 'string' || typeof code === 'number' ? { code } : {}),
    ...(stack === undefined ? {} : { stack }),
    ...(cause === undefined || depth >= MAX_CAUSES ? {} : { cause: describeError(cause, depth + 1) }),
  };
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : Object.prototype.toString.call(value);
}
