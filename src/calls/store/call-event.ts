import type { WebhookEvent } from '../../common/events/webhook-event.js';
import type { CallOutcome, CallState } from '../call-state.js';
import { ringSecondsOf } from '../call-times.js';
import type { Call } from './call.entity.js';

/** What clients are told about calls, by its name on the wire. */
export type CallEventState = 'offer' | 'delivered' | 'ringing' | 'accepted' | 'rejected' | 'terminated';

/** A live call is told of by its state; that the server accepted the offer is no news to those who know of the offer. */
const LIVE: Record<Exclude<CallState, 'ended'>, CallEventState | undefined> = {
  offering: 'offer',
  calling: undefined,
  delivered: 'delivered',
  ringing: 'ringing',
};

/** `accepted` = somebody picked up. */
const ENDED: Record<CallOutcome, CallEventState> = {
  answered: 'accepted',
  rejected: 'rejected',
  busy: 'rejected',
  completed: 'terminated',
  unreachable: 'terminated',
  cancelled: 'terminated',
  refused: 'terminated',
  failed: 'terminated',
};

/**
 * The event that reports what a call has just become; `undefined`: it is nothing that clients are told, or nobody knows of
 * the call, because it never had an id.
 */
export function callEvent(call: Call, at: Date): WebhookEvent | undefined {
  const { instanceId, callId, outcome } = call;
  if (callId === null) return undefined;
  const state = call.state === 'ended' ? outcome && ENDED[outcome] : LIVE[call.state];
  if (!state) return undefined;
  return {
    instanceId,
    type: 'call.update',
    lane: laneOfCall(callId),
    at,
    data: {
      state,
      direction: 'outgoing',
      callId,
      number: call.number,
      jid: call.jid,
      timestamp: at.toISOString(),
      duration: call.durationSeconds,
      ...(call.state === 'ended' && {
        outcome,
        failureCode: call.failureCode,
        failureReason: call.failureReason,
        ringSeconds: ringSecondsOf(call),
      }),
    },
  };
}

/** The events of a call arrive in their order. */
export function laneOfCall(callId: string): string {
  return `call:${callId}`;
}
