import type { IncomingCallSignal } from '../whatsapp/whatsapp-signals.js';
import type { CallState, IncomingOutcome } from './call-state.js';

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
