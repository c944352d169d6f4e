import type { OutboxEvent } from '../common/events/outbox.js';
import type { IncomingCallSignal } from '../whatsapp/whatsapp-signals.js';
import { laneOfCall, type CallEventState } from './call-event.js';
import type { IncomingOutcome } from './call-state.js';
import { outcomeOf } from './incoming-call.js';

const STATE_OF: Record<IncomingOutcome, CallEventState> = {
  answered: 'accepted',
  rejected: 'rejected',
  missed: 'terminated',
};

/** The event that reports a signal about an incoming call. */
export function incomingCallEvent(signal: IncomingCallSignal): OutboxEvent {
  if (signal.type === 'incoming_call') return eventOf(signal, 'offer', signal.at);
  const { reason } = signal;
  const outcome = outcomeOf(signal);
  return eventOf(signal, STATE_OF[outcome], signal.at, { outcome, ...(reason !== null && { reason }) });
}

/** The event that reports that we declined the call. */
export function rejectedCallEvent(signal: IncomingCallSignal, at: Date): OutboxEvent {
  return eventOf(signal, 'rejected', at, { outcome: 'rejected' });
}

function eventOf(
  { instanceId, callId, number, from, isVideo, isGroup }: IncomingCallSignal,
  state: CallEventState,
  at: Date,
  end: { readonly outcome?: IncomingOutcome; readonly reason?: string } = {},
): OutboxEvent {
  return {
    instanceId,
    type: 'call.update',
    lane: laneOfCall(callId),
    at,
    data: {
      state,
      direction: 'incoming',
      callId,
      number,
      jid: from,
      timestamp: at.toISOString(),
      isVideo,
      isGroup,
      ...end,
    },
  };
}
