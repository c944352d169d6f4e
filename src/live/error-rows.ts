import type { DocumentedError } from '../common/http/api-errors.js';

/** Error rows of the routes on WebSockets, as the documentation shows them. */
export const WEBSOCKET_ERRORS = {
  invalidBody: {
    status: 400,
    code: 'invalid_body',
    message: 'Invalid request body: enabled is required',
    when: 'not JSON, not an object, or a field that cannot be used; the message names the field',
  },
  notFound: { status: 404, code: 'instance_not_found', message: 'Instance not found' },
  webSocketNotConfigured: {
    status: 404,
    code: 'websocket_not_configured',
    message: 'WebSocket not configured for this instance',
  },
  webSocketNotEnabled: {
    status: 400,
    code: 'websocket_not_enabled',
    message:
      'WebSocket is not enabled for this instance. Configure it first using POST /api/events/websocket/shop',
  },
  webSocketExpected: {
    status: 400,
    code: 'websocket_expected',
    message: 'This address takes WebSocket connections only',
    when: 'asked without `Upgrade: websocket`',
  },
  badHandshake: {
    status: 400,
    code: 'bad_request',
    message: 'Request cannot be understood',
    when: 'the request is no correct WebSocket handshake',
  },
  tooManyWebSockets: {
    status: 409,
    code: 'too_many_websockets',
    message: 'At most 20 WebSockets can be open on one instance',
  },
  tooManyAccountWebSockets: {
    status: 429,
    code: 'too_many_account_websockets',
    message: 'At most 1000 WebSockets can be open in one account',
    when: 'all instances of the account together have as many as MAX_WEBSOCKETS_PER_ACCOUNT',
  },
  shuttingDown: { status: 503, code: 'shutting_down', message: 'The service is shutting down' },
} as const satisfies Record<string, DocumentedError>;
