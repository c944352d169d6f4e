import type { CalleeRefusal, OfferAcceptance } from '../whatsapp/whatsapp-signals.js';
import type { Ring } from '../whatsapp/whatsapp.gateway.js';
import { nextCallState, type CallOutcome, type CallStep } from './call-state.js';
import { isBroughtForward, plannedHangUpAt } from './call-times.js';
import type { Call } from './call.entity.js';

/**
 * What a call goes through while it lives; `accepted` = WhatsApp's server accepted the offer, `acknowledged` = what it said
 * with that came later.
 */
type Headway =
  | { readonly type: 'delivered' | 'ringing' }
  | ({ readonly type: 'accepted' | 'acknowledged' } & OfferAcceptance);

/** What ends a call. */
type End =
  | { readonly type: 'answered' }
  | { readonly type: 'refused_by_callee'; readonly refusal: CalleeRefusal }
  | { readonly type: 'ended_remotely'; readonly reason: string | null }
  /** The requested time is over and the phones were told to stop. */
  | { readonly type: 'hung_up' }
  | { readonly type: 'cancelled'; readonly reason: string | null }
  /** WhatsApp refused the offer; `failureCode` is `null` when it refused without one. */
  | { readonly type: 'refused'; readonly failureCode: number | null; readonly reason: string }
  | { readonly type: 'unreachable' | 'failed'; readonly reason: string };

/** Something that happened to a call. */
export type CallNews = Headway | End;

/** Columns that a step of a call changes. */
export type CallChanges = Partial<
  Pick<
    Call,
    | 'state'
    | 'outcome'
    | 'failureCode'
    | 'failureReason'
    | 'acceptedAt'
    | 'deliveredAt'
    | 'ringingAt'
    | 'endedAt'
    | 'hangUpAt'
    | 'ring'
    | 'callerTimeoutSeconds'
  >
> &
  Pick<Call, 'state'>;

interface Ending {
  readonly outcome: CallOutcome;
  readonly failureCode?: number | null;
  readonly failureReason?: string | null;
}

/** What the news changes in the row; `undefined`: it is late, repeated or out of order. */
export function progress(call: Call, news: CallNews, at: Date): CallChanges | undefined {
  const state = nextCallState(call.state, news.type satisfies CallStep);
  if (!state) return undefined;
  switch (news.type) {
    case 'accepted':
      return {
        state,
        acceptedAt: at,
        ...(state !== 'ended' && withPlan({ ...call, acceptedAt: at })),
        ...learnedFrom(call, news),
      };
    case 'acknowledged':
      return { state, ...learnedFrom(call, news) };
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
      return { state, endedAt: at, failureCode: null, failureReason: null, ...endingOf(call, news) };
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

function endingOf(call: Call, news: End): Ending {
  switch (news.type) {
    case 'answered':
      return { outcome: 'answered' };
    case 'refused_by_callee':
      return { outcome: news.refusal };
    case 'ended_remotely':
      return remoteEndingOf(call, news.reason);
    case 'hung_up':
      return endOfTime(call);
    case 'cancelled':
      return { outcome: 'cancelled', failureReason: news.reason };
    case 'refused':
      return { outcome: 'refused', failureCode: news.failureCode, failureReason: news.reason };
    case 'unreachable':
      return { outcome: 'unreachable', failureReason: news.reason };
    case 'failed':
      return { outcome: 'failed', failureReason: news.reason };
  }
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
