import { Injectable } from '@nestjs/common';
import { OwnershipLost } from '../../cluster/ownership.errors.js';
import { Ownership } from '../../cluster/ownership.js';
import { Log } from '../../common/logging/log.js';
import { Clock } from '../../common/time/clock.js';
import { AppConfig } from '../../config/app-config.js';
import { SessionStore } from '../session-store/session-store.js';
import { ClientVersions } from '../client-version/client-versions.js';
import { ProxyAgents } from '../proxy-agents.js';
import { ConnectPace } from '../connect-pace.js';
import { ConnectTurns } from '../connect-turns.js';
import { LinkingPlaces } from '../linking-places.js';
import type { WhatsAppSignal } from '../whatsapp-signals.js';
import {
  WhatsAppGateway,
  type CallDraft,
  type CalleeQuery,
  type IncomingCallRef,
  type LinkMethod,
  type LinkOffer,
  type Ring,
  type SessionOptions,
  type SessionState,
  type TextMessage,
} from '../whatsapp.gateway.js';
import { BaileysLine } from './baileys-line.js';
import { silenceLibsignal } from './quiet-libsignal.js';
import { enforceStrictSignatures } from './strict-signatures.js';

/** `WhatsAppGateway` over Baileys: a line for each instance that is used. */
@Injectable()
export class BaileysGateway extends WhatsAppGateway {
  private readonly lines = new Map<string, BaileysLine>();
  private readonly listeners = new Set<(signal: WhatsAppSignal) => void>();

  constructor(
    private readonly store: SessionStore,
    private readonly ownership: Ownership,
    private readonly clock: Clock,
    private readonly log: Log,
    private readonly config: AppConfig,
    private readonly turns: ConnectTurns,
    private readonly versions: ClientVersions,
    private readonly proxies: ProxyAgents,
    private readonly linkingPlaces: LinkingPlaces,
    private readonly pace: ConnectPace,
  ) {
    super();
    enforceStrictSignatures();
    silenceLibsignal();
  }

  onSignal(listener: (signal: WhatsAppSignal) => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  sessionState(instanceId: string): SessionState {
    return this.lines.get(instanceId)?.state ?? 'absent';
  }

  hasCredentials(instanceId: string): Promise<boolean> {
    return this.store.isLinked(instanceId);
  }

  currentQr(instanceId: string): string | undefined {
    return this.lines.get(instanceId)?.currentQr;
  }

  secondsUntilConnected(instanceId: string): number | undefined {
    return this.lines.get(instanceId)?.secondsUntilConnected ?? this.turns.secondsUntil(instanceId);
  }

  async link(
    instanceId: string,
    method: LinkMethod,
    options: SessionOptions,
    left?: AbortSignal,
  ): Promise<LinkOffer> {
    await this.hold(instanceId);
    return this.lineOf(instanceId).link(method, options, left);
  }

  async open(instanceId: string, options: SessionOptions & { readonly now?: boolean }): Promise<boolean> {
    await this.hold(instanceId);
    return this.lineOf(instanceId).open(options);
  }

  async reconfigure(instanceId: string, options: SessionOptions): Promise<void> {
    await this.hold(instanceId);
    await this.lineOf(instanceId).reconfigure(options);
  }

  async close(instanceId: string): Promise<void> {
    await this.lines.get(instanceId)?.close();
  }

  abandon(instanceId: string): void {
    this.lines.get(instanceId)?.abandon();
  }

  async logout(instanceId: string): Promise<void> {
    await this.hold(instanceId);
    const line = this.lineOf(instanceId);
    await line.logout();
    // Somebody may be in line behind the logout already, who needs this very line.
    if (line.isIdle) this.lines.delete(instanceId);
  }

  async closeAll(): Promise<void> {
    await Promise.all([...this.lines.values()].map((line) => line.close()));
  }

  async holdsTokenOf(instanceId: string, callee: CalleeQuery): Promise<boolean> {
    return this.lineOf(instanceId).holdsTokenOf(callee);
  }

  async prepareCall(instanceId: string, callee: CalleeQuery): Promise<CallDraft> {
    return this.lineOf(instanceId).prepareCall(callee);
  }

  async storedNumberOf(instanceId: string, lid: string): Promise<string | null> {
    return this.lineOf(instanceId).storedNumberOf(lid);
  }

  followCall(instanceId: string, ring: Ring): void {
    this.lineOf(instanceId).followCall(ring);
  }

  async hangUp(instanceId: string, ring: Ring): Promise<void> {
    await this.lineOf(instanceId).hangUp(ring);
  }

  async rejectCall(instanceId: string, call: IncomingCallRef): Promise<void> {
    await this.lineOf(instanceId).rejectCall(call);
  }

  async sendText(instanceId: string, message: TextMessage): Promise<void> {
    await this.lineOf(instanceId).sendText(message);
  }

  /** A session is begun only by the process that holds its instance. */
  private async hold(instanceId: string): Promise<void> {
    const { kind } = await this.ownership.acquire(instanceId);
    if (kind !== 'here') throw new OwnershipLost();
  }

  private lineOf(instanceId: string): BaileysLine {
    const known = this.lines.get(instanceId);
    if (known) return known;
    const { store, ownership, clock, log, turns, versions, proxies, linkingPlaces, pace } = this;
    const restrictionPauseMs = this.config.restrictionPauseSeconds * 1000;
    const own = { turns, versions, proxies, linkingPlaces, pace };
    const tools = { store, ownership, clock, log, ...own, restrictionPauseMs };
    const line = new BaileysLine(instanceId, tools, (news) =>
      this.emit({ instanceId, at: clock.now(), ...news }),
    );
    this.lines.set(instanceId, line);
    return line;
  }

  private emit(signal: WhatsAppSignal): void {
    for (const listener of this.listeners) {
      try {
        listener(signal);
      } catch (cause) {
        this.log.error('A listener of WhatsApp signals failed', { signal: signal.type, err: cause });
      }
    }
  }
}
