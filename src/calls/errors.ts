import { DomainError } from '../common/errors/domain-error.js';
import { RetoldError } from '../common/errors/retold-error.js';

/** The call routes tell it in lower case, unlike the instance routes. */
export class CallInstanceNotFound extends DomainError {
  readonly code = 'instance_not_found';
  readonly kind = 'not_found';
  constructor() {
    super('instance not found');
  }
}

export class NumberRequired extends DomainError {
  readonly code = 'number_required';
  readonly kind = 'invalid';
  constructor() {
    super('Number is required');
  }
}

export class DurationOutOfRange extends DomainError {
  readonly code = 'duration_out_of_range';
  readonly kind = 'invalid';
  constructor() {
    super('Duration must be between 1 and 60 seconds');
  }
}

/** As many calls as the instance may have at once are in progress. */
export class TooManyCalls extends DomainError {
  readonly code = 'too_many_calls';
  readonly kind = 'conflict';
  constructor(
    /** Until the first of them ends; `undefined`: all of them are still being placed, nobody knows how long. */
    override readonly retryAfterSeconds: number | undefined,
  ) {
    super('Too many calls are in progress on this instance');
  }
}

/** The owner of the instance wants a pause between its calls. */
export class CallPacing extends DomainError {
  readonly code = 'call_pacing';
  readonly kind = 'rate_limited';
  constructor(
    minSecondsBetweenCalls: number,
    override readonly retryAfterSeconds: number,
  ) {
    super(`Calls on this instance must be at least ${minSecondsBetweenCalls} seconds apart`);
  }
}

/** The owner of the instance wants a pause between calls to the same number. */
export class NumberCooldown extends DomainError {
  readonly code = 'number_cooldown';
  readonly kind = 'rate_limited';
  constructor(
    numberCooldownSeconds: number,
    override readonly retryAfterSeconds: number,
  ) {
    super(`This number was called less than ${numberCooldownSeconds} seconds ago`);
  }
}

export class CallNotFound extends DomainError {
  readonly code = 'call_not_found';
  readonly kind = 'not_found';
  constructor() {
    super('call not found');
  }
}

export class CallAlreadyEnded extends DomainError {
  readonly code = 'call_already_ended';
  readonly kind = 'conflict';
  constructor() {
    super('Call has already ended');
  }
}

/** Somebody else placed the call. */
export class CallIsIncoming extends DomainError {
  readonly code = 'call_is_incoming';
  readonly kind = 'conflict';
  constructor() {
    super('Only calls that were placed here can be cancelled');
  }
}

export class InvalidIdempotencyKey extends DomainError {
  readonly code = 'invalid_idempotency_key';
  readonly kind = 'invalid';
  constructor() {
    super('Invalid idempotency key');
  }
}

export class IdempotencyMismatch extends DomainError {
  readonly code = 'idempotency_mismatch';
  readonly kind = 'conflict';
  constructor() {
    super('Idempotency key was used with a different request');
  }
}

export class IdempotencyInProgress extends DomainError {
  readonly code = 'idempotency_in_progress';
  readonly kind = 'conflict';
  override readonly retryAfterSeconds?: number;
  constructor(
    /** Until the other request is answered; `undefined`: nobody knows. */
    secondsUntilAnswer?: number,
  ) {
    super('A request with this idempotency key is in progress');
    if (secondsUntilAnswer !== undefined) this.retryAfterSeconds = secondsUntilAnswer;
  }
}

/** The process is about to stop: calls that were placed now could not be hung up in time. */
export class ShuttingDown extends DomainError {
  readonly code = 'shutting_down';
  readonly kind = 'unavailable';
  override readonly retryAfterSeconds = 2;
  constructor() {
    super('Ringdrop is being stopped. Try again');
  }
}

/** The answer that the first request with an idempotency key got, told once more. */
export class ReplayedError extends RetoldError {}
