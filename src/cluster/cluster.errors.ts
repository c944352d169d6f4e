import { DomainError, type ErrorKind } from '../common/errors/domain-error.js';

/** The process that holds the instance cannot run a command now. */
export class OwnerUnavailable extends DomainError {
  readonly code = 'owner_unavailable';
  readonly kind = 'unavailable';
  override readonly retryAfterSeconds = 1;
  constructor(
    /** In words, after "The process that holds this instance". */
    reason: string,
  ) {
    super(`The process that holds this instance ${reason}`);
  }

  /** The command has not reached it, and nothing has begun. */
  static unreached(): OwnerUnavailable {
    return new OwnerUnavailable('cannot be reached. Try again');
  }

  /** The command has left, and no answer came back. */
  static silent(): OwnerUnavailable {
    return new OwnerUnavailable(
      'did not answer, and may or may not have done what was asked. Repeat a call with its Idempotency-Key',
    );
  }
}

/** A failure of a command that another process ran, in the words of that process. */
export class RemoteFailure extends DomainError {
  readonly code: string;
  readonly kind: ErrorKind;
  override readonly retryAfterSeconds?: number;
  constructor(failure: { kind: ErrorKind; code: string; message: string; retryAfterSeconds: number | null }) {
    super(failure.message);
    this.code = failure.code;
    this.kind = failure.kind;
    if (failure.retryAfterSeconds !== null) this.retryAfterSeconds = failure.retryAfterSeconds;
  }
}
