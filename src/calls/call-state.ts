import type { CallReport, OfferAcceptance } from '../whatsapp/whatsapp-signals.js';

export const CALL_STATES = ['offering', 'calling', 'delivered', 'ringing', 'ended'] as const;
export type CallState = (typeof CALL_STATES)[number];

export const CALL_OUTCOMES = [
  'completed',
  'answered',
  'rejected',
  'busy',
  'unreachable',
  'cancelled',
  'refused',
  'failed',
] as const;
/** How a call ended; a call has an outcome exactly when its state is `ended`. */
export type CallOutcome = (typeof CALL_OUTCOMES)[number];

/** In this order in lists and cursors. */
export const CALL_DIRECTIONS = ['outgoing', 'incoming'] as const;
export type CallDirection = (typeof CALL_DIRECTIONS)[number];

/** What became of a call that somebody placed to the account; `missed` = nobody took it. */
export type IncomingOutcome = 'answered' | 'rejected' | 'missed';

/** The call could not be placed. */
export type PlacingFailure =
  /** WhatsApp refused the offer; `failureCode` is `null` when it refused without one. */
  | { readonly type: 'refused'; readonly failureCode: number | null; readonly reason: string }
  | { readonly type: 'unreachable' | 'failed'; readonly reason: string };

/** Something that happened to a call: what WhatsApp reports, and what this process does or learns with its own commands. */
export type CallStep =
  | CallReport
  /** WhatsApp's server accepted the offer. */
  | ({ readonly type: 'accepted' } & OfferAcceptance)
  /** The requested time is over and the phones were stopped. */
  | { readonly type: 'hung_up' }
  | { readonly type: 'cancelled'; readonly reason: string | null }
  | PlacingFailure;

/** Steps that end a call from wherever it is. */
const ENDINGS = {
  answered: 'ended',
  refused_by_callee: 'ended',
  ended_remotely: 'ended',
  hung_up: 'ended',
  cancelled: 'ended',
  refused: 'ended',
  unreachable: 'ended',
  failed: 'ended',
} as const satisfies Partial<Record<CallStep['type'], CallState>>;

/**
 * ```txt
 *              accepted             delivered               ringing
 *   offering ───────────► calling ────────────► delivered ──────────► ringing
 *      │ │ │                │  │                    │                    │
 *      │ │ └─── delivered ──┼──┼────────────────►───┤                    │
 *      │ └───── ringing ────┼──┴──── ringing ───────┼─────────────────►──┤
 *      │                    │                       │                    │
 *      ▼                    ▼                       ▼                    ▼
 *   ┌────────────────────────────── ended ──────────────────────────────────┐
 *   │ answered · refused_by_callee · ended_remotely · hung_up · cancelled · │
 *   │ refused · unreachable · failed                                        │
 *   └───────────────────────────────────────────────────────────────────────┘
 * ```
 * WhatsApp's servers acknowledge the offer to the caller and deliver it to the callee independently, so a receipt, a
 * ringing device or even the end may come before `accepted`, which then only adds its time. `acknowledged` moves nothing: it
 * adds what the server said later than `accepted`.
 */
const TRANSITIONS: Record<CallState, Partial<Record<CallStep['type'], CallState>>> = {
  offering: {
    accepted: 'calling',
    acknowledged: 'offering',
    delivered: 'delivered',
    ringing: 'ringing',
    ...ENDINGS,
  },
  calling: { acknowledged: 'calling', delivered: 'delivered', ringing: 'ringing', ...ENDINGS },
  delivered: { accepted: 'delivered', acknowledged: 'delivered', ringing: 'ringing', ...ENDINGS },
  ringing: { accepted: 'ringing', acknowledged: 'ringing', ...ENDINGS },
  ended: { accepted: 'ended', acknowledged: 'ended' },
};

/** The state after a step; `undefined`: the step is late, repeated or out of order and changes nothing. */
export function nextCallState(state: CallState, step: CallStep['type']): CallState | undefined {
  return TRANSITIONS[state][step];
}
