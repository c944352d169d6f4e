import { OwnershipLost } from '../../cluster/ownership.errors.js';
import { DomainError } from '../../common/errors/domain-error.js';
import { CalleeUnreachable, SessionNotConnected, WhatsAppTimeout } from '../whatsapp.errors.js';
import type { BaileysConnection } from './baileys-connection.js';

/** What a question that the end of the connection cut off looks like too: the library takes no answer for an empty one. */
const LIKE_AN_ANSWER = [CalleeUnreachable, WhatsAppTimeout];

/**
 * What a failed question to WhatsApp means. The library rejects with Booms, plain close codes and more; before a stanza
 * leaves all of them mean "not now".
 * @param question what was asked, in words for a `WhatsAppTimeout`
 */
export function meaningOf(
  cause: unknown,
  { isOpen, end }: Pick<BaileysConnection, 'isOpen' | 'end'>,
  question: string,
): Error {
  const isSaid =
    cause instanceof DomainError && (isOpen || !LIKE_AN_ANSWER.some((type) => cause instanceof type));
  if (isSaid) return cause;
  if (!isOpen) return meaningOfEnd(end);
  if (cause instanceof Error && cause.message !== 'Timed Out') return cause;
  return new WhatsAppTimeout(question);
}

function meaningOfEnd(end: BaileysConnection['end']): Error {
  return end === 'moved' ? new OwnershipLost() : new SessionNotConnected();
}
