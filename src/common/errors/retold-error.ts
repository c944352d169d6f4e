import { DomainError, type ErrorKind } from './domain-error.js';

/** What a client is told of a failure, as it is kept or sent on. */
export interface ToldFailure {
  readonly kind: ErrorKind;
  readonly code: string;
  readonly message: string;
  readonly retryAfterSeconds: number | null;
}

/** A failure that happened elsewhere or before, in the words of then. */
export abstract class RetoldError extends DomainError {
  readonly code: string;
  readonly kind: ErrorKind;
  override readonly retryAfterSeconds?: number;
  constructor({ kind, code, message, retryAfterSeconds }: ToldFailure) {
    super(message);
    this.code = code;
    this.kind = kind;
    if (retryAfterSeconds !== null) this.retryAfterSeconds = retryAfterSeconds;
  }
}
