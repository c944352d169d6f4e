import type { OutboxEvent } from '../common/events/outbox.js';
import type { IncomingCallSignal } from '../whatsapp/whatsapp-signals.js';
import { laneOfCall, type CallEventState } from './call-event.js';

/** What became of an incoming call; `missed` = nobody took it. */
type IncomingOutcome = 'answered' | 'rejected' | 'missed';

/** Reason on the wire when another device of the account, such as the phone, declined (WhatsApp Web 2026 builds). */
const REJECTED_ELSEWHERE = 'rejected_elsewhere';

/** The event that reports a signal about an incoming call. */
export function incomingCallEvent(signal: IncomingCallSignal): OutboxEvent {
  if (signal.type === 'incoming_call') return eventOf(signal, 'offer', signal.at);
  const { reason } = signal;
  const [state, outcome] = endOf(signal);
  return eventOf(signal, state, signal.at, { outcome, ...(reason !== null && { reason }) });
}

/** The event that reports that we declined the call. */
export function rejectedCallEvent(signal: IncomingCallSignal, at: Date): OutboxEvent {
  return eventOf(signal, 'rejected', at, { outcome: 'rejected' });
}

function endOf(signal: {
  readonly answeredElsewhere: boolean;
  readonly reason: string | null;
}): readonly [CallEventState, IncomingOutcome] {
  if (signal.answeredElsewhere) return ['accepted', 'answered'];
  return signal.reason === REJECTED_ELSEWHERE ? ['rejected', 'rejected'] : ['terminated', 'missed'];
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
