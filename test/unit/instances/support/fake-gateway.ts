import { isDeepStrictEqual } from 'node:util';
import { NoCredentials, SessionNotConnected } from '../../../../src/whatsapp/whatsapp.errors.js';
import {
  WhatsAppGateway,
  type CallDraft,
  type LinkMethod,
  type LinkOffer,
  type SessionOptions,
  type SessionState,
} from '../../../../src/whatsapp/whatsapp.gateway.js';
import type { SessionSignal, WhatsAppSignal } from '../../../../src/whatsapp/whatsapp-signals.js';

type News = SessionSignal extends infer S
  ? S extends SessionSignal
    ? Omit<S, 'instanceId' | 'at'>
    : never
  : never;

interface FakeSession {
  state: SessionState;
  options: SessionOptions;
  qr?: string;
}

/** A WhatsApp without a network: phones are linked and unlinked by the test, everything else behaves as the real one. */
export class FakeGateway extends WhatsAppGateway {
  readonly sessions = new Map<string, FakeSession>();
  readonly linked = new Set<string>();
  /** Every `open`, in order. */
  readonly opened: { instanceId: string; options: SessionOptions & { now?: boolean } }[] = [];
  unreachable = false;
  private readonly listeners = new Set<(signal: WhatsAppSignal) => void>();

  onSignal(listener: (signal: WhatsAppSignal) => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  /** The phone accepts the link and the session logs in. */
  phoneLinks(instanceId: string, jid: string, name: string | null = null): void {
    this.linked.add(instanceId);
    this.tell(instanceId, { type: 'paired', jid });
    this.connects(instanceId, jid, name);
  }

  connects(instanceId: string, jid: string, name: string | null = null): void {
    const session = this.sessions.get(instanceId);
    if (session) {
      session.state = 'connected';
      delete session.qr;
    }
    this.tell(instanceId, { type: 'connected', jid, name });
  }

  tell(instanceId: string, news: News): void {
    const signal: SessionSignal = { instanceId, at: new Date(), ...news };
    for (const listener of this.listeners) listener(signal);
  }

  sessionState(instanceId: string): SessionState {
    return this.sessions.get(instanceId)?.state ?? 'absent';
  }

  secondsUntilConnected(): number | undefined {
    return undefined;
  }

  hasCredentials(instanceId: string): Promise<boolean> {
    return Promise.resolve(this.linked.has(instanceId));
  }

  link(instanceId: string, method: LinkMethod, options: SessionOptions): Promise<LinkOffer> {
    if (this.sessionState(instanceId) === 'connected') return Promise.resolve({ kind: 'connected' });
    this.tell(instanceId, { type: 'connecting' });
    if (method.kind === 'code') {
      this.sessions.set(instanceId, { state: 'linking', options });
      return Promise.resolve({ kind: 'code', code: 'ABCD1234' });
    }
    const qr = `2@${instanceId},abc`;
    this.sessions.set(instanceId, { state: 'linking', options, qr });
    this.tell(instanceId, { type: 'qr_ready', qr });
    return Promise.resolve({ kind: 'qr', qr });
  }

  currentQr(instanceId: string): string | undefined {
    return this.sessions.get(instanceId)?.qr;
  }

  open(instanceId: string, options: SessionOptions & { readonly now?: boolean }): Promise<boolean> {
    this.sessions.delete(instanceId);
    if (!this.linked.has(instanceId)) return Promise.reject(new NoCredentials());
    this.opened.push({ instanceId, options });
    this.sessions.set(instanceId, { state: 'connecting', options });
    this.tell(instanceId, { type: 'connecting' });
    return Promise.resolve(true);
  }

  async reconfigure(instanceId: string, options: SessionOptions): Promise<void> {
    const session = this.sessions.get(instanceId);
    if (session?.state !== 'connected' || !isDeepStrictEqual(session.options.proxy, options.proxy))
      return void (await this.open(instanceId, { ...options, now: true }));
    session.options = options;
  }

  close(instanceId: string): Promise<void> {
    this.sessions.delete(instanceId);
    return Promise.resolve();
  }

  abandon(instanceId: string): void {
    this.sessions.delete(instanceId);
  }

  logout(instanceId: string): Promise<void> {
    if (this.unreachable) return Promise.reject(new Error('the database is gone'));
    this.sessions.delete(instanceId);
    this.linked.delete(instanceId);
    return Promise.resolve();
  }

  closeAll(): Promise<void> {
    this.sessions.clear();
    return Promise.resolve();
  }

  holdsTokenOf(): Promise<boolean> {
    return Promise.resolve(false);
  }

  storedNumberOf(): Promise<string | null> {
    return Promise.resolve(null);
  }

  prepareCall(): Promise<CallDraft> {
    return Promise.reject(new SessionNotConnected());
  }

  followCall(): void {}

  hangUp(): Promise<void> {
    return Promise.reject(new SessionNotConnected());
  }

  rejectCall(): Promise<void> {
    return Promise.reject(new SessionNotConnected());
  }

  sendText(): Promise<void> {
    return Promise.reject(new SessionNotConnected());
  }
}
