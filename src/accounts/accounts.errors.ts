import { DomainError } from '../common/errors/domain-error.js';

export class AccountNotFound extends DomainError {
  readonly code = 'account_not_found';
  readonly kind = 'not_found';
  constructor() {
    super('Account not found');
  }
}

export class AccountNameRequired extends DomainError {
  readonly code = 'account_name_required';
  readonly kind = 'invalid';
  constructor() {
    super('Account name is required');
  }
}

export class AccountNameTaken extends DomainError {
  readonly code = 'account_name_taken';
  readonly kind = 'conflict';
  constructor() {
    super('Account name already exists');
  }
}

/** A token that somebody chose is in use already, by anybody. */
export class TokenInUse extends DomainError {
  readonly code = 'token_in_use';
  readonly kind = 'conflict';
  constructor() {
    super('Token is already in use');
  }
}
