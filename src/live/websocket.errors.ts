import { DomainError } from '../common/errors/domain-error.js';

/** How many WebSockets one instance can have open at the same time. */
export const MAX_SOCKETS_PER_INSTANCE = 20;

/** The WebSocket of the instance was never configured. */
export class WebSocketNotConfigured extends DomainError {
  readonly code = 'websocket_not_configured';
  readonly kind = 'not_found';
  constructor() {
    super('WebSocket not configured for this instance');
  }
}

export class WebSocketNotEnabled extends DomainError {
  readonly code = 'websocket_not_enabled';
  readonly kind = 'invalid';
  constructor(instanceName: string) {
    super(
      `WebSocket is not enabled for this instance. Configure it first using POST /api/events/websocket/${instanceName}`,
    );
  }
}

/** The route was asked without opening a WebSocket. */
export class WebSocketExpected extends DomainError {
  readonly code = 'websocket_expected';
  readonly kind = 'invalid';
  constructor() {
    super('This address takes WebSocket connections only');
  }
}

export class TooManyWebSockets extends DomainError {
  readonly code = 'too_many_websockets';
  readonly kind = 'conflict';
  constructor() {
    super(`At most ${MAX_SOCKETS_PER_INSTANCE} WebSockets can be open on one instance`);
  }
}

/** All instances of the account together have as many as one account may have. */
export class TooManyAccountWebSockets extends DomainError {
  readonly code = 'too_many_account_websockets';
  readonly kind = 'rate_limited';
  constructor(limit: number) {
    super(`At most ${limit} WebSockets can be open in one account`);
  }
}

export class WebSocketsClosing extends DomainError {
  readonly code = 'shutting_down';
  readonly kind = 'unavailable';
  /** As that of calls: by then another process answers, or this one has started again. */
  override readonly retryAfterSeconds = 2;
  constructor() {
    super('The service is shutting down');
  }
}
