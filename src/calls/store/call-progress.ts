import type { OfferAcceptance } from '../../whatsapp/whatsapp-signals.js';
import type { Ring } from '../../whatsapp/whatsapp.gateway.js';
import { nextCallState, type CallOutcome, type CallStep, type PlacingFailure } from '../call-state.js';
import { isBroughtForward, plannedHangUpAt } from '../call-times.js';
import type { Call } from './call.entity.js';

type End = Exclude<CallStep, { type: 'accepted' | 'acknowledged' | 'delivered' | 'ringing' }>;

/** What steps change in the row of a call. */
export const CHANGING = [
  ...(['state', 'outcome', 'failureCode', 'failureReason', 'callerTimeoutSeconds', 'ring'] as const),
  ...(['acceptedAt', 'deliveredAt', 'ringingAt', 'endedAt', 'hangUpAt'] as const),
] satisfies (keyof Call)[];

export type CallChanges = Pick<Call, 'state'> & Partial<Pick<Call, (typeof CHANGING)[number]>>;

interface Ending {
  readonly outcome: CallOutcome;
  readonly failureCode?: number | null;
  readonly failureReason?: string | null;
}

/** What the step changes in the row; `undefined`: it is late, repeated or out of order. */
export function progress(call: Call, step: CallStep, at: Date): CallChanges | undefined {
  const state = nextCallState(call.state, step.type);
  if (!state) return undefined;
  switch (step.type) {
    case 'accepted':
      return {
        state,
        acceptedAt: at,
        ...(state !== 'ended' && withPlan({ ...call, acceptedAt: at })),
        ...learnedFrom(call, step),
      };
    case 'acknowledged':
      return { state, ...learnedFrom(call, step) };
    case 'delivered':
      return { state, deliveredAt: at };
    case 'ringing':
      return {
        state,
        // A device that rings has received the offer, even when its receipt got lost.
        deliveredAt: call.deliveredAt ?? at,
        ringingAt: at,
        ...(!isBroughtForward(call) && withPlan({ ...call, ringingAt: at })),
      };
    case 'answered':
    case 'refused_by_callee':
    case 'ended_remotely':
    case 'hung_up':
    case 'cancelled':
    case 'refused':
    case 'unreachable':
    case 'failed':
      return { state, endedAt: at, failureCode: null, failureReason: null, ...endingOf(call, step) };
  }
}

function withPlan(call: Call): Pick<Call, 'hangUpAt'> {
  return { hangUpAt: plannedHangUpAt(call) };
}

function learnedFrom(
  { ring }: Call,
  { furtherDevices, callerTimeoutSeconds }: OfferAcceptance,
): Partial<CallChanges> {
  return {
    ...(ring && furtherDevices.length > 0 && { ring: withDevices(ring, furtherDevices) }),
    ...(callerTimeoutSeconds !== null && { callerTimeoutSeconds }),
  };
}

function withDevices(ring: Ring, further: readonly string[]): Ring {
  const { devices, offered = devices } = ring;
  return { ...ring, devices: [...new Set([...devices, ...further])], offered };
}

function endingOf(call: Call, step: End): Ending {
  switch (step.type) {
    case 'answered':
      return { outcome: 'answered' };
    case 'refused_by_callee':
      return { outcome: step.refusal };
    case 'ended_remotely':
      return remoteEndingOf(call, step.reason);
    case 'hung_up':
      return endOfTime(call);
    case 'cancelled':
      return { outcome: 'cancelled', failureReason: step.reason };
    case 'refused':
    case 'unreachable':
    case 'failed':
      return endingOfFailure(step);
  }
}

/** How a call ends that could not be placed. */
export function endingOfFailure(failure: PlacingFailure): Ending {
  const failureCode = failure.type === 'refused' ? failure.failureCode : null;
  return { outcome: failure.type, failureCode, failureReason: failure.reason };
}

/** Only a person rejects; other ends have reasons of their own (WhatsApp Web and Android, 2026 builds). */
function remoteEndingOf(call: Call, reason: string | null): Ending {
  switch (reason) {
    case 'accepted_elsewhere':
      return { outcome: 'answered' };
    case 'timeout':
    case 'group_call_ended':
      return endOfTime(call);
    case 'busy':
      return { outcome: 'busy' };
    case null:
    default:
      return { outcome: 'rejected', failureReason: reason };
  }
}

function endOfTime(call: Call): Ending {
  if (isBroughtForward(call)) return { outcome: 'cancelled' };
  return { outcome: call.deliveredAt ? 'completed' : 'unreachable' };
}
