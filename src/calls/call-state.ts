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

/** What can happen to a call, told by WhatsApp or done by us. */
export const CALL_STEPS = [
  'accepted',
  'acknowledged',
  'delivered',
  'ringing',
  'answered',
  'refused_by_callee',
  'ended_remotely',
  'hung_up',
  'cancelled',
  'refused',
  'unreachable',
  'failed',
] as const;
export type CallStep = (typeof CALL_STEPS)[number];

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
} as const satisfies Partial<Record<CallStep, CallState>>;

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
const TRANSITIONS: Record<CallState, Partial<Record<CallStep, CallState>>> = {
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
export function nextCallState(state: CallState, step: CallStep): CallState | undefined {
  return TRANSITIONS[state][step];
}
