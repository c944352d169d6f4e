import type { Violation } from './violation.js';

/** States of `call.update`, in the only order in which a call may report them. */
const RANKS: Readonly<Record<string, number>> = {
  offer: 0,
  delivered: 1,
  ringing: 2,
  accepted: 3,
  rejected: 3,
  terminated: 3,
};
const FINAL = 3;

/** An event as it came in. */
export interface HeardEvent {
  readonly id: string;
  readonly callId: string;
  readonly state: string;
  readonly at: number;
}

export interface StoredCall {
  readonly callId: string;
  readonly hasRung: boolean;
  readonly at: number;
}

/** The event of a call in the text of a message; `undefined`: it is about something else. */
export function parseCallEvent(text: string, at: number): HeardEvent | undefined {
  const { id, event, data } = JSON.parse(text) as {
    id: string;
    event: string;
    data: { callId?: string; state?: string; direction?: string };
  };
  if (event !== 'call.update' || data.direction !== 'outgoing') return undefined;
  return { id, callId: data.callId ?? '', state: data.state ?? '', at };
}

/** Every call was told of from its offer to its end. Returns what is missing. */
export function judgeCompleteness(calls: readonly StoredCall[], events: readonly HeardEvent[]): Violation[] {
  const byCall = new Map<string, HeardEvent[]>();
  for (const event of events) byCall.set(event.callId, [...(byCall.get(event.callId) ?? []), event]);
  return calls.flatMap(({ callId, hasRung, at }) => {
    const states = (byCall.get(callId) ?? []).map(({ state }) => state);
    const missing = [
      ...(states.includes('offer') ? [] : ['offer']),
      ...(hasRung && !states.includes('ringing') ? ['ringing'] : []),
      ...(states.some((state) => RANKS[state] === FINAL) ? [] : ['end']),
    ];
    return missing.map((what) => ({ at, text: `no event told of the ${what} of call ${callId}` }));
  });
}

/** Where a repetition is no event, the events of each call came in their order. */
export function judgeOrder(events: readonly HeardEvent[], where: string): Violation[] {
  const seen = new Set<string>();
  const last = new Map<string, number>();
  return events.flatMap(({ id, callId, state, at }) => {
    if (seen.has(id)) return [];
    seen.add(id);
    const rank = RANKS[state] ?? -1;
    const before = last.get(callId) ?? -1;
    last.set(callId, rank);
    return rank > before ? [] : [{ at, text: `${where} heard ${state} of call ${callId} too late or twice` }];
  });
}
