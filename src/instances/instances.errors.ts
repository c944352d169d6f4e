import { DomainError } from '../common/errors/domain-error.js';

export class InstanceNotFound extends DomainError {
  readonly code = 'instance_not_found';
  readonly kind = 'not_found';
  constructor() {
    super('Instance not found');
  }
}

export class InstanceNameTaken extends DomainError {
  readonly code = 'instance_exists';
  readonly kind = 'conflict';
  constructor() {
    super('Instance name already exists');
  }
}

export class InstanceQuotaExceeded extends DomainError {
  readonly code = 'instance_quota_exceeded';
  readonly kind = 'forbidden';
  constructor() {
    super('Account instance quota exceeded');
  }
}

/** No linking by QR is under way, so that there is nothing to scan. A phone that is linked has nothing to scan either. */
export class NoQrToShow extends DomainError {
  readonly code = 'no_qr_code';
  readonly kind = 'conflict';
  constructor(isConnected = false) {
    super(
      isConnected
        ? 'There is no QR code to show: the instance is connected already'
        : 'There is no QR code to show — call /connect first',
    );
  }
}

/** The instance must not fall back to a connection without its proxy, so it stays closed until the proxy is set again. */
export class ProxyPasswordUnreadable extends DomainError {
  readonly code = 'proxy_password_unreadable';
  readonly kind = 'failed';
  constructor(cause: unknown) {
    super('The saved proxy password cannot be read. Restore the encryption key or set the proxy again', {
      cause,
    });
  }
}
