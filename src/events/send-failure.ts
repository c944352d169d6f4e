import { LookupFailure } from '../common/net/checked-lookup.js';

/**
 * Why a delivery got no answer.
 *
 * - `timeout`: not answered within the time limit
 * - `aborted`: stopped by us, at shutdown
 * - `busy`: not sent, since other deliveries of the account had all connections to the origin
 * - `target_refused`: the URL or an address behind its name is not allowed, see `errorOf`
 * - `dns_failed`: the name has no address
 * - `connection_refused`, `connection_reset`, `unreachable`: the network said so
 * - `tls_failed`: no TLS, or a certificate that is not valid for the name
 * - `invalid_response`: the answer is not HTTP
 * - `invalid_request`: a header cannot be sent
 * - `request_failed`: anything else
 */
export type SendFailureReason =
  | 'timeout'
  | 'aborted'
  | 'busy'
  | 'target_refused'
  | 'dns_failed'
  | 'connection_refused'
  | 'connection_reset'
  | 'unreachable'
  | 'tls_failed'
  | 'invalid_response'
  | 'invalid_request'
  | 'request_failed';

/** A failure whose reason is known where it happens. */
export class SendFailure extends Error {
  constructor(
    readonly reason: SendFailureReason,
    options?: ErrorOptions,
  ) {
    super(reason, options);
    this.name = 'SendFailure';
  }
}

const REASONS: Readonly<Record<string, SendFailureReason>> = {
  ECONNREFUSED: 'connection_refused',
  ECONNRESET: 'connection_reset',
  ECONNABORTED: 'connection_reset',
  EPIPE: 'connection_reset',
  ETIMEDOUT: 'timeout',
  EHOSTUNREACH: 'unreachable',
  ENETUNREACH: 'unreachable',
  EHOSTDOWN: 'unreachable',
  ENETDOWN: 'unreachable',
  EADDRNOTAVAIL: 'unreachable',
  ERR_INVALID_CHAR: 'invalid_request',
  ERR_HTTP_INVALID_HEADER_VALUE: 'invalid_request',
  ERR_INVALID_HTTP_TOKEN: 'invalid_request',
  EPROTO: 'tls_failed',
};

/** What a delivery shows of a failure: the reason, and what helps where that is a setting of the operator. */
export function errorOf(reason: string): string {
  return reason === 'target_refused' ? `${reason}: ${PRIVATE_TARGETS}` : reason;
}

const PRIVATE_TARGETS = 'private addresses get webhooks only with WEBHOOK_ALLOW_PRIVATE=true';

/** @param isHandshaking the error came after the TCP connection and before TLS was up, e.g. a certificate that is not trusted */
export function failureReasonOf(error: unknown, isHandshaking: boolean): SendFailureReason {
  if (error instanceof SendFailure || error instanceof LookupFailure) return error.reason;
  const code = codeOf(error);
  const known = REASONS[code];
  if (known !== undefined) return known;
  if (code.startsWith('HPE_')) return 'invalid_response';
  return isHandshaking || /^ERR_(TLS|SSL)_/.test(code) ? 'tls_failed' : 'request_failed';
}

function codeOf(error: unknown): string {
  const isObject = typeof error === 'object' && error !== null;
  return isObject && 'code' in error && typeof error.code === 'string' ? error.code : '';
}
