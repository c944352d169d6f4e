import { DomainError } from '../common/errors/domain-error.js';

/** Another process holds the instance now; nothing was written. */
export class OwnershipLost extends DomainError {
  readonly code = 'instance_moved';
  readonly kind = 'unavailable';
  override readonly retryAfterSeconds = 1;
  constructor() {
    super('The instance has just moved to another process. Try again');
  }
}
