import { DomainError } from '../common/errors/domain-error.js';

export class MissingToken extends DomainError {
  readonly code = 'missing_token';
  readonly kind = 'unauthenticated';
  constructor() {
    super('Missing token in header');
  }
}

/** Unknown, of a disabled account, or of a kind that the route does not take: the same answer for all. */
export class InvalidToken extends DomainError {
  readonly code = 'invalid_token';
  readonly kind = 'unauthenticated';
  constructor() {
    super('Invalid token');
  }
}

/** The token of one instance on the path of another. */
export class InstanceMismatch extends DomainError {
  readonly code = 'instance_mismatch';
  readonly kind = 'forbidden';
  constructor() {
    super('Instance token does not match instance');
  }
}

/** Further requests of the account wait for the answers to earlier ones than may. */
export class TooManyRequests extends DomainError {
  readonly code = 'too_many_requests';
  readonly kind = 'rate_limited';
  /** One that is answered makes room for one more. */
  override readonly retryAfterSeconds = 1;
  constructor() {
    super('Too many requests of this account are waiting. Send fewer at a time');
  }
}

/** Nobody reads this answer. */
export class ClientLeft extends DomainError {
  readonly code = 'client_left';
  readonly kind = 'too_slow';
  constructor() {
    super('The client closed the connection while its request waited');
  }
}

export class RateLimitExceeded extends DomainError {
  readonly code = 'rate_limited';
  readonly kind = 'rate_limited';
  constructor(override readonly retryAfterSeconds: number) {
    super('Rate limit exceeded. Try again later.');
  }
}
