import { LookupFailure } from '../../common/net/checked-lookup.js';

/**
 * Why a delivery got no answer.
 *
 * - `timeout`: not answered within the time limit
 * - `aborted`: stopped by us, at shutdown
 * - `busy`: not sent, since other deliveries of the account had all connections to the origin
 * - `target_refused`: the URL or an address behind its name is not allowed, see `errorOf`
 * - `dns_failed`: the name has no address
 * - `connection_refused`, `connection_reset`, `unreachable`: the network said so
 * - `certificate_…`: the certificate of the receiver cannot be trusted, see `errorOf`
 * - `tls_failed`: no TLS, or anything else about it
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
  | 'certificate_self_signed'
  | 'certificate_expired'
  | 'certificate_not_yet_valid'
  | 'certificate_unknown_ca'
  | 'certificate_wrong_name'
  | 'certificate_invalid'
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
  DEPTH_ZERO_SELF_SIGNED_CERT: 'certificate_self_signed',
  CERT_HAS_EXPIRED: 'certificate_expired',
  CERT_NOT_YET_VALID: 'certificate_not_yet_valid',
  SELF_SIGNED_CERT_IN_CHAIN: 'certificate_unknown_ca',
  UNABLE_TO_GET_ISSUER_CERT: 'certificate_unknown_ca',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'certificate_unknown_ca',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'certificate_unknown_ca',
  CERT_UNTRUSTED: 'certificate_unknown_ca',
  ERR_TLS_CERT_ALTNAME_INVALID: 'certificate_wrong_name',
  HOSTNAME_MISMATCH: 'certificate_wrong_name',
  CERT_SIGNATURE_FAILURE: 'certificate_invalid',
  CERT_CHAIN_TOO_LONG: 'certificate_invalid',
  CERT_REVOKED: 'certificate_invalid',
  CERT_REJECTED: 'certificate_invalid',
  INVALID_CA: 'certificate_invalid',
  INVALID_PURPOSE: 'certificate_invalid',
  PATH_LENGTH_EXCEEDED: 'certificate_invalid',
};

/** What helps, where a code alone does not say it. */
const WORDS: Readonly<Partial<Record<string, string>>> = {
  busy: 'other deliveries of the account to this address are still under way',
  target_refused: 'the address is not allowed, a private one only with WEBHOOK_ALLOW_PRIVATE=true',
  certificate_self_signed: 'the certificate of the receiver is signed by itself',
  certificate_expired: 'the certificate of the receiver, or of an authority above it, has expired',
  certificate_not_yet_valid: 'the certificate of the receiver, or of an authority above it, is not valid yet',
  certificate_unknown_ca:
    'the certificate of the receiver comes from an authority that is not trusted here, or its intermediate certificates ' +
    'are not sent; NODE_EXTRA_CA_CERTS adds an authority',
  certificate_wrong_name: 'the certificate of the receiver is for other names than that in the URL',
  certificate_invalid:
    'the certificate of the receiver, or of an authority above it, must not be used for this',
  tls_failed: 'the receiver and this service found no way to encrypt the connection',
} satisfies Partial<Record<SendFailureReason, string>>;

/** What a delivery shows of a failure: its code and, where that is not enough, words. */
export function errorOf(reason: string): string {
  const words = WORDS[reason];
  return words === undefined ? reason : `${reason}: ${words}`;
}

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
