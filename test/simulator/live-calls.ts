import type { Account, LinkedCompanion } from './account.js';
import type { CallRecord } from './types.js';

const MAX_CALLS = 20_000;

export interface LiveCall {
  readonly call: CallRecord;
  readonly caller: LinkedCompanion;
  readonly callee: Account;
  /** The callee's devices got the offer. */
  isDelivered: boolean;
}

/** Calls by call-id, ended ones included, as late signals name them too. */
export class LiveCalls {
  private readonly byId = new Map<string, LiveCall>();
  /** Calls that contacts placed to linked accounts: call-id to call-creator. */
  private readonly incoming = new Map<string, string>();

  add(live: LiveCall): void {
    this.byId.set(live.call.callId, live);
    dropOldest(this.byId);
  }

  addIncoming(callId: string, creator: string): void {
    this.incoming.set(callId, creator);
    dropOldest(this.incoming);
  }

  has(callId: string): boolean {
    return this.byId.has(callId) || this.incoming.has(callId);
  }

  find(callId: string | undefined): LiveCall | undefined {
    return this.byId.get(callId ?? '');
  }

  incomingCreator(callId: string | undefined): string | undefined {
    return this.incoming.get(callId ?? '');
  }
}

function dropOldest(calls: Map<string, unknown>): void {
  if (calls.size <= MAX_CALLS) return;
  const [oldest] = calls.keys();
  if (oldest !== undefined) calls.delete(oldest);
}
