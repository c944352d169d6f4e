import { DomainError } from '../common/errors/domain-error.js';
import type { SessionSignal } from '../whatsapp/whatsapp-signals.js';

/** Why no phone was linked, for the one who holds the phone. The page has a text for each. */
export const FAILURE_REASONS = [
  /** Nobody scanned or typed the code before WhatsApp took it back. */
  'code_expired',
  'code_timeout',
  /** Somebody else began or ended linking. */
  'stopped',
  'invalid_number',
  'linking_limited',
  'too_many_attempts',
  /** Too many other phones are being linked at the moment. */
  'busy',
  /** WhatsApp blocked the account (403). */
  'account_restricted',
  /** The account does not support linked devices (411). */
  'account_unsupported',
  /** WhatsApp no longer takes the version of this product (405). */
  'version_rejected',
  'passkey_required',
  'proxy_failed',
  'whatsapp_unreachable',
  /** The phone removed the link, or WhatsApp refused for a reason of its own. */
  'refused',
  /** Something is wrong with the installation; its operator can tell from the log. */
  'unavailable',
] as const;

export type FailureReason = (typeof FAILURE_REASONS)[number];

export interface LinkFailure {
  readonly reason: FailureReason;
  /** WhatsApp's own code, if it gave one; for `refused`. */
  readonly code?: number;
}

type Disconnected = Pick<Extract<SessionSignal, { type: 'disconnected' }>, 'code' | 'cause'>;

const REASON_OF_ERROR: Readonly<Record<string, FailureReason>> = {
  code_timeout: 'code_timeout',
  invalid_number: 'invalid_number',
  linking_cancelled: 'stopped',
  linking_limited: 'linking_limited',
  too_many_linkings: 'busy',
  linking_busy: 'busy',
  connected_too_often: 'too_many_attempts',
  too_many_attempts: 'too_many_attempts',
  linking_refused: 'refused',
  account_restricted: 'account_restricted',
  whatsapp_restricted: 'account_restricted',
  whatsapp_version_rejected: 'version_rejected',
  passkey_required: 'passkey_required',
  proxy_failed: 'proxy_failed',
  whatsapp_unreachable: 'whatsapp_unreachable',
};

const REASON_OF_CODE: Readonly<Record<number, FailureReason>> = {
  403: 'account_restricted',
  405: 'version_rejected',
  408: 'whatsapp_unreachable',
  411: 'account_unsupported',
  428: 'whatsapp_unreachable',
  429: 'linking_limited',
  500: 'whatsapp_unreachable',
  503: 'whatsapp_unreachable',
};

/**
 * A failed command in the page's terms.
 * @param lastCode code of the disconnect that the session told meanwhile; it tells more than a plain refusal
 */
export function failureOfError(error: unknown, lastCode: number | undefined): LinkFailure {
  const reason = error instanceof DomainError ? REASON_OF_ERROR[error.code] : undefined;
  if (reason === 'refused' && lastCode !== undefined) return failureOfCode(lastCode);
  return { reason: reason ?? 'unavailable' };
}

/** A session that ended by itself in the page's terms. */
export function failureOfDisconnect({ code, cause }: Disconnected): LinkFailure {
  return cause === 'link_code_expired' ? { reason: 'code_expired' } : failureOfCode(code);
}

function failureOfCode(code: number): LinkFailure {
  const reason = REASON_OF_CODE[code];
  return reason === undefined ? { reason: 'refused', code } : { reason };
}
