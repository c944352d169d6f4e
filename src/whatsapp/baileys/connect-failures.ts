import type { DomainError } from '../../common/errors/domain-error.js';
import {
  AccountRestricted,
  ClientVersionRejected,
  LinkingLimited,
  LinkingRefused,
  WhatsAppUnreachable,
} from '../whatsapp.errors.js';
import { CLIENT_OUTDATED } from '../client-version/client-version.js';
import type { Disconnect } from './disconnect-reason.js';

/** Codes of a connection that failed below WhatsApp's word on the account; the library has no others (7.0.0-rc14). */
const TRANSPORT_CODES = [408, 428, 500, 503];

/**
 * What a connection that ended before its purpose means to whoever asked for it. A code of the server's `<failure>`,
 * stream error or IQ error is a refusal; anything else never reached it.
 */
export function connectFailure({ code, reason }: Disconnect): DomainError {
  switch (code) {
    case 403:
      return new AccountRestricted();
    case CLIENT_OUTDATED:
      return new ClientVersionRejected(reason);
    case 429:
      return new LinkingLimited();
    default:
      return TRANSPORT_CODES.includes(code) || Number.isNaN(code)
        ? new WhatsAppUnreachable(reason)
        : new LinkingRefused(`${reason} (${code})`);
  }
}
