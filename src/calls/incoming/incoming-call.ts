import type { WebhookEvent } from '../../common/events/webhook-event.js';
import type { IncomingCallSignal } from '../../whatsapp/whatsapp-signals.js';
import { laneOfCall, type CallEventState } from '../store/call-event.js';
import type { IncomingOutcome, CallState } from '../call-state.js';

const STATE_OF: Record<IncomingOutcome, CallEventState> = {
  answered: 'accepted',
  rejected: 'rejected',
  missed: 'terminated',
};

/** The event that reports a signal about an incoming call. */
export function incomingCallEvent(signal: IncomingCallSignal): WebhookEvent {
  if (signal.type === 'incoming_call') return eventOf(signal, 'offer', signal.at);
  const { reason } = signal;
  const outcome = outcomeOf(signal);
  return eventOf(signal, STATE_OF[outcome], signal.at, { outcome, ...(reason !== null && { reason }) });
}

/** The event that reports that we declined the call. */
export function rejectedCallEvent(signal: IncomingCallSignal, at: Date): WebhookEvent {
  return eventOf(signal, 'rejected', at, { outcome: 'rejected' });
}

function eventOf(
  { instanceId, callId, number, from, isVideo, isGroup }: IncomingCallSignal,
  state: CallEventState,
  at: Date,
  end: { readonly outcome?: IncomingOutcome; readonly reason?: string } = {},
): WebhookEvent {
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

/** A call that somebody places to the account, as it is stored. */
export interface IncomingCall {
  /** 64-bit identity, as text. */
  readonly id: string;
  readonly instanceId: string;
  /** Made by the caller's device. */
  readonly callId: string;
  /** Digits of the caller; `null`: WhatsApp hides the number. */
  readonly number: string | null;
  /** Bare JID of the caller. */
  readonly jid: string;
  readonly isVideo: boolean;
  readonly isGroup: boolean;
  readonly state: Extract<CallState, 'ringing' | 'ended'>;
  readonly outcome: IncomingOutcome | null;
  /** Why it ended, as on the wire, or why nobody knows. */
  readonly reason: string | null;
  /** When WhatsApp dated the call, else when it was heard of. */
  readonly requestedAt: Date;
  /** When it was heard of; `null`: it was over by then. */
  readonly ringingAt: Date | null;
  /** `null`: it goes on, or nobody knows. */
  readonly endedAt: Date | null;
}

/** Reason on the wire when another device of the account, such as the phone, declined (WhatsApp Web 2026 builds). */
const REJECTED_ELSEWHERE = 'rejected_elsewhere';

export function outcomeOf(end: {
  readonly answeredElsewhere: boolean;
  readonly reason: string | null;
}): IncomingOutcome {
  if (end.answeredElsewhere) return 'answered';
  return end.reason === REJECTED_ELSEWHERE ? 'rejected' : 'missed';
}

/** How an incoming call ended. */
export interface IncomingEnd {
  readonly outcome: IncomingOutcome;
  readonly reason: string | null;
  readonly at: Date;
}

/** The caller in digits, by which calls are looked for and counted: of the phone number, else of the LID. */
export function callerOf({ number, from }: IncomingCallSignal): string {
  return number ?? from.replace(/@.*/, '');
}

/** Never later than it was heard of, whatever the clock of WhatsApp says. */
export function requestedAtOf({ offeredAt, at }: IncomingCallSignal): Date {
  return offeredAt && offeredAt < at ? offeredAt : at;
}
