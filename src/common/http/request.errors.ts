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

/** The request line or a header is not valid HTTP, or the path is not valid percent-encoding. */
export class RequestNotUnderstood extends DomainError {
  readonly code = 'bad_request';
  readonly kind = 'invalid';
  constructor() {
    super('Request cannot be understood');
  }
}
