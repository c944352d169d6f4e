import { DomainError } from '../../common/errors/domain-error.js';
import { SessionNotConnected, WhatsAppTimeout } from '../whatsapp.errors.js';

/**
 * What a failed question to WhatsApp means. The library rejects with Booms, plain close codes and more; before a stanza
 * leaves all of them mean "not now".
 * @param question what was asked, in words for a `WhatsAppTimeout`
 */
export function meaningOf(cause: unknown, stillOpen: boolean, question: string): Error {
  if (cause instanceof DomainError) return cause;
  if (!stillOpen) return new SessionNotConnected();
  if (cause instanceof Error && cause.message !== 'Timed Out') return cause;
  return new WhatsAppTimeout(question);
}
