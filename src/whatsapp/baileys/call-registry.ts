import type { BinaryNode } from '@whiskeysockets/baileys';
import type { Clock } from '../../common/time/clock.js';
import type { CallReport, OfferAcceptance } from '../whatsapp-signals.js';
import type { Ring } from '../whatsapp.gateway.js';
import { childrenOf, readCalleeNews } from './call-stanzas.js';
import { OutgoingCall, type CallLine } from './outgoing-call.js';

/** Ended calls are remembered this long, to recognise late stanzas. */
const AFTERLIFE_MS = 120_000;
/** Phones stop by themselves after a minute; a terminate that could not leave is of no use later. */
const PHONE_RINGS_AT_MOST_MS = 60_000;

interface Entry {
  readonly call: OutgoingCall;
  readonly offeredAtMs: number;
}

/** The calls of one session. Outlives its sockets: a call only needs its ids to be stopped from the next one. */
export class CallRegistry {
  private readonly entries = new Map<string, Entry>();
  private readonly callIdOfOffer = new Map<string, string>();
  /** Calls that nobody above waits for and whose terminate could not leave yet. */
  private readonly toStop = new Set<string>();

  constructor(
    private readonly line: CallLine,
    private readonly clock: Clock,
    private readonly report: (callId: string, report: CallReport) => void,
  ) {}

  /** Follows a call whose offer has left, or goes on following it. */
  follow(ring: Ring): OutgoingCall {
    return this.entries.get(ring.callId)?.call ?? this.begin(ring);
  }

  /**
   * Follows a call whose offer leaves now. Whatever was known of it is over: a hang-up before the offer stopped nobody,
   * and must not pass for one that comes after it.
   * @param onReport called before everybody else is
   */
  begin(ring: Ring, onReport?: (report: CallReport) => void): OutgoingCall {
    this.forget(ring);
    this.dropOld();
    const offeredAtMs = this.clock.monotonicMs();
    const call = new OutgoingCall(ring, this.line, offeredAtMs, (report) => {
      onReport?.(report);
      this.report(ring.callId, report);
    });
    this.entries.set(ring.callId, { call, offeredAtMs });
    this.callIdOfOffer.set(ring.offerStanzaId, ring.callId);
    return call;
  }

  /** Nothing rings: the offer was refused. */
  forget({ callId, offerStanzaId }: Ring): void {
    this.entries.delete(callId);
    this.callIdOfOffer.delete(offerStanzaId);
    this.toStop.delete(callId);
  }

  /** Somebody else goes on with the calls. */
  forgetAll(): void {
    for (const { call } of this.entries.values()) this.forget(call.ring);
  }

  /** Stops a call that may or may not ring; when no socket is there, the next one does it. */
  async stopBestEffort(ring: Ring): Promise<void> {
    try {
      await this.follow(ring).hangUp();
    } catch {
      this.toStop.add(ring.callId);
    }
  }

  /** True for a call that was placed here, ended ones included as long as they are remembered. */
  knows(callId: string): boolean {
    return this.entries.has(callId);
  }

  onCall(node: BinaryNode): void {
    const callId = readCalleeNews(node)?.callId;
    if (callId) this.entries.get(callId)?.call.onStanza(node, this.clock.monotonicMs());
  }

  onReceipt(node: BinaryNode): void {
    const { id = '', from = '' } = node.attrs;
    const callId = this.callIdOfOffer.get(id);
    if (callId && childrenOf(node).some(({ tag }) => tag === 'offer'))
      this.entries.get(callId)?.call.onReceipt(from);
  }

  /** The server named further devices that ring. */
  learn(callId: string, { furtherDevices }: OfferAcceptance): void {
    this.entries.get(callId)?.call.alsoRings(furtherDevices);
  }

  /** The same after the call was taken for accepted without the server's word: whoever stores the call has to hear of it. */
  learnLate(callId: string, acceptance: OfferAcceptance): void {
    const { furtherDevices, callerTimeoutSeconds } = acceptance;
    if (!this.knows(callId)) return;
    this.learn(callId, acceptance);
    if (furtherDevices.length === 0 && callerTimeoutSeconds === null) return;
    this.report(callId, { type: 'acknowledged', ...acceptance });
  }

  /** A new socket is open. */
  onOpened(): void {
    for (const callId of this.toStop) {
      this.toStop.delete(callId);
      const entry = this.entries.get(callId);
      if (entry && this.ageMs(entry) < PHONE_RINGS_AT_MOST_MS) void this.stopBestEffort(entry.call.ring);
    }
  }

  /** An entry that is older than any call can last plus the time for late stanzas. */
  private dropOld(): void {
    for (const entry of this.entries.values()) {
      if (this.ageMs(entry) < PHONE_RINGS_AT_MOST_MS + AFTERLIFE_MS) return; // in the order of insertion
      this.forget(entry.call.ring);
    }
  }

  private ageMs({ offeredAtMs }: Entry): number {
    return this.clock.monotonicMs() - offeredAtMs;
  }
}
