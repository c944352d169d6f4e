/* eslint-disable @typescript-eslint/require-await -- a fake answers at once where the real one waits */
import type { OfferAcceptance, WhatsAppSignal } from '../../../../src/whatsapp/whatsapp-signals.js';
import { SessionNotConnected } from '../../../../src/whatsapp/whatsapp.errors.js';
import {
  WhatsAppGateway,
  type CallDraft,
  type CalleeQuery,
  type IncomingCallRef,
  type LinkOffer,
  type Ring,
  type SessionState,
  type TextMessage,
} from '../../../../src/whatsapp/whatsapp.gateway.js';

/** A WhatsApp whose phones ring until they are hung up, and which does as the test says. */
export class FakeWhatsApp extends WhatsAppGateway {
  state: SessionState = 'connected';
  secondsUntilOpen: number | undefined;
  /** Ids of the calls whose phones ring now. */
  readonly ringing = new Set<string>();
  /** Ids of the calls that were hung up, in order, repetitions included. */
  readonly hungUp: string[] = [];
  /** The ring of the last hang-up. */
  lastHungUp: Ring | undefined;
  readonly followed: string[] = [];
  readonly asked: CalleeQuery[] = [];
  /** Numbers whose trust token is held. */
  readonly contacts = new Set<string>();
  /** Numbers that the session has stored, by LID. */
  readonly numbers = new Map<string, string>();
  /** What looking the callee up ends in. */
  prepareFailure: Error | undefined;
  /** Runs after the offer left and before the verdict of the server; may throw it. */
  verdict: (callId: string) => Promise<void> | void = () => undefined;
  /** What the server says with its acceptance. */
  acceptance: OfferAcceptance = { furtherDevices: [], callerTimeoutSeconds: null };
  hangUpFailure: Error | undefined;

  /** Ids of the incoming calls that were declined, in order. */
  readonly rejected: string[] = [];
  readonly texts: TextMessage[] = [];

  private readonly listeners = new Set<(signal: WhatsAppSignal) => void>();
  private lastCall = 0;

  onSignal(listener: (signal: WhatsAppSignal) => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  emit(signal: WhatsAppSignal): void {
    for (const listener of this.listeners) listener(signal);
  }

  sessionState(): SessionState {
    return this.state;
  }

  async prepareCall(instanceId: string, callee: CalleeQuery): Promise<CallDraft> {
    this.requireConnected();
    this.asked.push(callee);
    if (this.prepareFailure) throw this.prepareFailure;
    const ring = ringOf(++this.lastCall);
    const number = callee.kind === 'number' ? (callee.candidates[0] ?? '') : callee.digits;
    const renew = () => this.prepareCall(instanceId, callee);
    return { number, jid: '777@lid', ring, place: () => this.place(ring), renew };
  }

  async holdsTokenOf(_instanceId: string, callee: CalleeQuery): Promise<boolean> {
    const digits = callee.kind === 'lid' ? [callee.digits] : callee.candidates;
    return digits.some((one) => this.contacts.has(one));
  }

  async storedNumberOf(_instanceId: string, lid: string): Promise<string | null> {
    this.requireConnected();
    return this.numbers.get(lid) ?? null;
  }

  async rejectCall(_instanceId: string, { callId }: IncomingCallRef): Promise<void> {
    this.requireConnected();
    this.rejected.push(callId);
  }

  async sendText(_instanceId: string, message: TextMessage): Promise<void> {
    this.requireConnected();
    this.texts.push(message);
  }

  followCall(_instanceId: string, ring: Ring): void {
    this.followed.push(ring.callId);
  }

  async hangUp(_instanceId: string, ring: Ring): Promise<void> {
    if (this.hangUpFailure) throw this.hangUpFailure;
    this.requireConnected();
    this.hungUp.push(ring.callId);
    this.lastHungUp = ring;
    this.ringing.delete(ring.callId);
  }

  async hasCredentials(): Promise<boolean> {
    return true;
  }
  async link(): Promise<LinkOffer> {
    return { kind: 'connected' };
  }
  secondsUntilConnected(): number | undefined {
    return this.secondsUntilOpen;
  }
  currentQr(): string | undefined {
    return undefined;
  }
  open(): Promise<boolean> {
    return Promise.resolve(true);
  }
  async reconfigure(): Promise<void> {}
  async close(): Promise<void> {}
  abandon(): void {}
  async logout(): Promise<void> {}
  async closeAll(): Promise<void> {}

  private async place(ring: Ring): Promise<OfferAcceptance> {
    this.requireConnected();
    this.ringing.add(ring.callId);
    await this.verdict(ring.callId);
    return this.acceptance;
  }

  private requireConnected(): void {
    if (this.state !== 'connected') throw new SessionNotConnected();
  }
}

export function ringOf(call: number): Ring {
  const callId = `00${String(call).padStart(30, 'A')}`;
  return { callId, creator: '1:2@lid', devices: ['777@lid', '777:3@lid'], offerStanzaId: `offer-${call}` };
}
