import { DomainError } from '../common/errors/domain-error.js';
import { RetoldError } from '../common/errors/retold-error.js';

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
export class RemoteFailure extends RetoldError {}
