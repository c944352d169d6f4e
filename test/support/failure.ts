import type { Answer } from './stage.js';

/** What a client sees of a request that failed; `null` stands for a header that was not sent. */
export interface Failure {
  readonly status: number;
  readonly code: string | null;
  /** Seconds; a matcher in what is expected. */
  readonly retryAfter: unknown;
  readonly body: Record<string, unknown>;
}

export function failureOf({ status, headers, body }: Answer): Failure {
  return { status, code: headers.get('x-error-code'), retryAfter: headers.get('retry-after'), body };
}

/** The whole of what a failure must look like; nothing else may be in its body. */
export function failure(status: number, code: string, message: string, retryAfter: unknown = null): Failure {
  return { status, code, retryAfter, body: { success: false, error: { message } } };
}
