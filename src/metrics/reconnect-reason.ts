/** Codes of Baileys 7.0.0-rc14 `DisconnectReason` after which a session connects again, in words. */
const REASONS = {
  405: 'client_outdated',
  408: 'connection_lost',
  409: 'replaced',
  428: 'connection_closed',
  429: 'rate_limited',
  440: 'replaced',
  500: 'bad_session',
  503: 'unavailable',
} as const;

const OTHER = 'other';

export type ReconnectReason = (typeof REASONS)[keyof typeof REASONS] | typeof OTHER;

export const RECONNECT_REASONS: readonly ReconnectReason[] = [...new Set(Object.values(REASONS)), OTHER];

/** A name of a fixed set, whatever code WhatsApp sends. */
export function reconnectReasonOf(code: number): ReconnectReason {
  return isKnown(code) ? REASONS[code] : OTHER;
}

function isKnown(code: number): code is keyof typeof REASONS {
  return code in REASONS;
}
