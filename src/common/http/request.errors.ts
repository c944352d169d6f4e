import { DomainError } from '../errors/domain-error.js';

/** The body is no JSON object, or a field has the wrong type; the detail names the field. */
export class InvalidRequestBody extends DomainError {
  readonly code = 'invalid_body';
  readonly kind = 'invalid';
  constructor(detail: string) {
    super(`Invalid request body: ${detail}`);
  }
}

/** A query parameter cannot be used; the detail names it. */
export class InvalidQuery extends DomainError {
  readonly code = 'invalid_query';
  readonly kind = 'invalid';
  constructor(detail: string) {
    super(`Invalid query: ${detail}`);
  }
}

export class RequestBodyTooLarge extends DomainError {
  readonly code = 'body_too_large';
  readonly kind = 'too_large';
  constructor() {
    super('Request body is larger than 100 kB');
  }
}

/** The body is in a charset that cannot be decoded. */
export class UnsupportedCharset extends DomainError {
  readonly code = 'unsupported_charset';
  readonly kind = 'unsupported_media';
  constructor(charset: string) {
    super(
      /^[\w.:-]{1,40}$/.test(charset)
        ? `Charset ${charset} is not supported: send the body as UTF-8`
        : 'The charset is not supported: send the body as UTF-8',
    );
  }
}

/** The path names no instance, or a blank one. */
export class InstanceNameRequired extends DomainError {
  readonly code = 'instance_required';
  readonly kind = 'invalid';
  constructor() {
    super('Instance name is required');
  }
}

export class RouteNotFound extends DomainError {
  readonly code = 'route_not_found';
  readonly kind = 'not_found';
  constructor() {
    super('Route not found');
  }
}

/** The path is known, with other methods. */
export class MethodNotAllowed extends DomainError {
  readonly code = 'method_not_allowed';
  readonly kind = 'method_not_allowed';
  /** @param methods what the path takes, sent as `Allow` */
  constructor(readonly methods: readonly string[]) {
    super(`Method not allowed. This path takes ${methods.join(', ')}`);
  }
}

/** The request line or a header is not valid HTTP, or the address is not valid percent-encoding. */
export class RequestNotUnderstood extends DomainError {
  readonly code = 'bad_request';
  readonly kind = 'invalid';
  constructor(detail?: string) {
    super(`Request cannot be understood${detail === undefined ? '' : `: ${detail}`}`);
  }
}

/** Path and query are longer than 8192 characters. */
export class AddressTooLong extends DomainError {
  readonly code = 'address_too_long';
  readonly kind = 'address_too_long';
  constructor() {
    super('Request address is too long');
  }
}

/** The headers are larger than 16 KiB together, or more than 100. */
export class HeadersTooLarge extends DomainError {
  readonly code = 'headers_too_large';
  readonly kind = 'headers_too_large';
  constructor() {
    super('Request headers are too large');
  }
}

/** The client did not send its whole request in time. */
export class RequestTooSlow extends DomainError {
  readonly code = 'request_timeout';
  readonly kind = 'too_slow';
  constructor() {
    super('Request was not received in time');
  }
}

/** All places for connections are taken, or the share of this client. */
export class TooManyConnections extends DomainError {
  readonly code = 'too_many_connections';
  readonly kind = 'unavailable';
  constructor(why: 'address_full' | 'all_full') {
    super(`Too many connections are open${why === 'address_full' ? ' from this address' : ''}`);
  }
}
