import { DomainError } from '../common/errors/domain-error.js';

/**
 * The address opens nothing: never signed here, expired, used, or its instance or account is gone. One answer for all
 * of them, so that a stranger learns nothing from it.
 */
export class PairingLinkInvalid extends DomainError {
  readonly code = 'pairing_link_invalid';
  readonly kind = 'not_found';
  constructor() {
    super('This link cannot be used. Ask for a new one.');
  }
}

/** Every start shows up at WhatsApp as another device that wants to be linked. */
export class TooManyAttempts extends DomainError {
  readonly code = 'too_many_attempts';
  readonly kind = 'rate_limited';
  constructor(override readonly retryAfterSeconds: number) {
    super('Linking was started too often. Try again later.');
  }
}

/** Without the cause, which may name the network of the operator: it is in the log. */
export class WhatsAppNotReached extends DomainError {
  readonly code = 'whatsapp_unreachable';
  readonly kind = 'upstream';
  constructor(cause: unknown) {
    super('WhatsApp is not reachable', { cause });
  }
}

/** Like `WhatsAppNotReached`, with a proxy on the way. */
export class ProxyFailed extends DomainError {
  readonly code = 'proxy_failed';
  readonly kind = 'upstream';
  constructor(cause: unknown) {
    super('WhatsApp is not reachable through the proxy', { cause });
  }
}

export class TooManyViewers extends DomainError {
  readonly code = 'too_many_viewers';
  readonly kind = 'rate_limited';
  constructor() {
    super('The page is open too often. Close it elsewhere.');
  }
}
