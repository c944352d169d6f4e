import { OwnershipLost } from '../../cluster/ownership.errors.js';
import { DatabaseUnavailable } from '../../common/database/database-unavailable.js';
import { DomainError } from '../../common/errors/domain-error.js';
import {
  CalleeUnreachable,
  InvalidNumber,
  NumberNotRegistered,
  OfferNotAcknowledged,
  OfferRefused,
  SessionNotConnected,
  WhatsAppRestricted,
} from '../../whatsapp/whatsapp.errors.js';
import { CallInstanceNotFound, CallPacing, NumberCooldown, ShuttingDown, TooManyCalls } from '../errors.js';
import type { PlacingFailure } from '../call-state.js';

/** With these nothing has left: without a slot, the database, or the right to write, no offer does. */
const NOTHING_LEFT = [
  CallInstanceNotFound,
  TooManyCalls,
  CallPacing,
  NumberCooldown,
  InvalidNumber,
  SessionNotConnected,
  DatabaseUnavailable,
  OwnershipLost,
  ShuttingDown,
];

/** The request may be made once more as if it had never been made. */
export function hasLeftNothing(error: unknown): boolean {
  return isHeldBack(error) || NOTHING_LEFT.some((type) => error instanceof type);
}

/** How a call ends that could not be placed; `undefined`: nothing reached anybody, so there was no call. */
export function stepOfFailure(error: unknown): PlacingFailure | undefined {
  if (hasLeftNothing(error) || error instanceof NumberNotRegistered) return undefined;
  if (!(error instanceof DomainError)) return { type: 'failed', reason: 'Internal error' };
  const reason = error.message;
  if (error instanceof CalleeUnreachable) return { type: 'unreachable', reason };
  if (error instanceof OfferRefused || error instanceof WhatsAppRestricted) {
    return { type: 'refused', failureCode: error.failureCode, reason };
  }
  return { type: 'failed', reason };
}

/** What whoever knows of the call hears when nothing of it reached WhatsApp. */
export function reasonOfNoCall(error: unknown): string {
  if (error instanceof SessionNotConnected) {
    return 'The connection to WhatsApp was lost before the call was placed';
  }
  if (error instanceof ShuttingDown) return 'Ringdrop was stopped before the call was placed';
  return error instanceof DomainError ? error.message : 'The call was not placed';
}

/** The account was known to be restricted, so WhatsApp was left alone. */
function isHeldBack(error: unknown): error is WhatsAppRestricted {
  return error instanceof WhatsAppRestricted && error.failureCode === null;
}

/** After these the gateway has seen to it that no phone rings; after any other failure nobody knows. */
export function isKnownToBeSilent(error: unknown): boolean {
  return (
    error instanceof SessionNotConnected ||
    error instanceof ShuttingDown ||
    error instanceof OfferRefused ||
    error instanceof WhatsAppRestricted ||
    error instanceof OfferNotAcknowledged
  );
}
