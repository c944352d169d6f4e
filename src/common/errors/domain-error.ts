/** What went wrong, in the domain's words. The error filter alone turns a kind into an HTTP status. */
export const ERROR_KINDS = [
  'invalid',
  'unauthenticated',
  'forbidden',
  'not_found',
  'method_not_allowed',
  'conflict',
  'too_slow',
  'too_large',
  'unsupported_media',
  'address_too_long',
  'headers_too_large',
  'rate_limited',
  'failed',
  'upstream',
  'unavailable',
  'timeout',
] as const;

export type ErrorKind = (typeof ERROR_KINDS)[number];

/** A failure that a caller may see: message and code are part of the contract. Never put a secret in either. */
export abstract class DomainError extends Error {
  /** Stable snake_case code, sent as `X-Error-Code`. */
  abstract readonly code: string;
  abstract readonly kind: ErrorKind;
  /** Seconds after which a retry makes sense, sent as `Retry-After`; absent when waiting does not help. */
  readonly retryAfterSeconds?: number;

  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = new.target.name;
  }
}
