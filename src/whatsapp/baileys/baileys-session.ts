import { randomInt } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import { initAuthCreds, jidNormalizedUser, type AuthenticationCreds } from '@whiskeysockets/baileys';
import { OwnershipLost } from '../../cluster/ownership.errors.js';
import type { Ownership } from '../../cluster/ownership.js';
import type { Log } from '../../common/logging/log.js';
import { CLIENT_OUTDATED } from '../client-version/client-version.js';
import type { ProxyAgents } from '../proxy-agents.js';
import type { ConnectPace } from '../connect-pace.js';
import type { SessionStore } from '../session-store/session-store.js';
import { LinkingCancelled, NoCredentials, PasskeyRequired, SessionNotConnected } from '../whatsapp.errors.js';
import type { LinkMethod, SessionOptions, SessionState } from '../whatsapp.gateway.js';
import { BaileysConnection, type ConnectionEvents } from './baileys-connection.js';
import { BaileysLogger } from './baileys-logger.js';
import { connectFailure } from './connect-failures.js';
import { CredentialsWriter } from './credentials-writer.js';
import { PASSKEY_DISCONNECT, RECONFIGURED, type Disconnect } from './disconnect-reason.js';
import { LinkingAttempt, type AttemptTools } from './linking-attempt.js';
import { NextConnection, type ConnectionTools, type OpenTime } from './next-connection.js';
import { decideReconnect, isReplaced } from './reconnect-policy.js';
import type { SessionNews } from './session-news.js';
import type { StanzaSink } from './stanza-sink.js';

/** A process that may not send now either may again within this time, or has lost the session. */
const SILENT_MS = 1_000;

export interface SessionTools extends ConnectionTools, AttemptTools {
  readonly store: SessionStore;
  readonly proxies: ProxyAgents;
  readonly ownership: Ownership;
  readonly pace: ConnectPace;
  readonly log: Log;
}

/**
 * Keeps one instance connected over many sockets: links the phone, logs in, climbs the reconnect ladder.
 * Commands must not overlap; the gateway sees to it.
 */
export class BaileysSession {
  private connection: BaileysConnection | undefined;
  private linking: LinkingAttempt | undefined;
  private readonly next: NextConnection;
  private creds: AuthenticationCreds | undefined;
  /** Of the client version that was sent last. */
  private revision = 0;
  /** Under which this session was opened; in another one somebody else may have moved its keys on. */
  private epoch: string | undefined;
  private options: SessionOptions = { accountId: '', proxy: null, keepOnline: false, restriction: null };
  private readonly writer: CredentialsWriter;
  private readonly logger: BaileysLogger;

  constructor(
    private readonly instanceId: string,
    private readonly tools: SessionTools,
    private readonly stanzas: StanzaSink,
    private readonly tell: (news: SessionNews) => void,
  ) {
    this.writer = new CredentialsWriter(instanceId, tools.store, tools.clock, tools.log);
    this.logger = new BaileysLogger(tools.log, instanceId);
    const session = () => ({ instanceId, accountId: this.options.accountId });
    this.next = new NextConnection(tools, session, () => this.connect());
  }

  get state(): SessionState {
    if (this.connection?.isOpen) return 'connected';
    if (this.linking && !this.linking.paired) return 'linking';
    return this.connection || this.next.isPlanned ? 'connecting' : 'absent';
  }

  get currentQr(): string | undefined {
    return this.linking?.currentQr;
  }

  /** @throws SessionNotConnected */
  openConnection(): BaileysConnection {
    if (!this.connection?.isOpen) throw this.notConnected();
    return this.connection;
  }

  /** The error of whoever needs an open session now, with the time after which it is worth another try. */
  notConnected(): SessionNotConnected {
    return new SessionNotConnected(this.next.secondsUntilOpen);
  }

  /** Whether a newer client version is known than the one that was sent last; waits for a question that is under way. */
  versionRenewed(): Promise<boolean> {
    return this.tools.versions.renewed(this.revision);
  }

  /** As `WhatsAppGateway.open`. @throws OwnershipLost besides */
  async open(options: SessionOptions & OpenTime): Promise<boolean> {
    await this.close();
    this.beginEpoch();
    const creds = await this.tools.store.loadCredentials(this.instanceId);
    if (!creds) throw new NoCredentials();
    this.options = options;
    this.creds = creds;
    return this.next.begin(await this.tools.store.loadBackoff(this.instanceId), options);
  }

  /** @throws as `open` */
  async reconfigure(options: SessionOptions): Promise<void> {
    const staysOpen = this.connection?.isOpen && isDeepStrictEqual(options.proxy, this.options.proxy);
    if (staysOpen) {
      this.options = options;
      return this.connection?.showPresence(options.keepOnline);
    }
    const waitMs = this.tools.pace.reserve(this.instanceId);
    const retryAt = this.next.inMs(waitMs);
    const connects = await this.open({ ...options, now: waitMs === 0, notBefore: retryAt });
    if (!connects) this.tell({ type: 'disconnected', ...RECONFIGURED, retryAt });
  }

  /** The link that is under way in this way and may be joined. */
  linkUnderWay(method: LinkMethod): LinkingAttempt | undefined {
    const { linking } = this;
    if (!linking?.isFor(method) || linking.paired) return undefined;
    return linking.isQueued || this.connection || this.next.isPlanned ? linking : undefined;
  }

  /** Begins a fresh link in place of what is under way. */
  async beginLink(method: LinkMethod, options: SessionOptions): Promise<LinkingAttempt> {
    await this.close();
    this.beginEpoch();
    await this.tools.store.wipe(this.instanceId);
    this.options = options;
    this.creds = initAuthCreds();
    const attempt: LinkingAttempt = new LinkingAttempt(method, options.accountId, this.tools, {
      begin: () => this.next.begin({ attempt: 0, notBefore: null }, { now: true }),
      givenUp: (disconnect) => this.onLinkGivenUp(attempt, disconnect),
    });
    this.linking = attempt;
    return attempt;
  }

  /** Closes the socket and stays closed; a link under way is given up. */
  async close(): Promise<void> {
    const connection = this.takeApart(new LinkingCancelled());
    await connection?.close();
    await this.writer.stop();
  }

  /** Another process holds the session, or soon may: cuts the socket off, and writes and tells nothing any more. */
  abandon(): void {
    this.epoch = undefined;
    this.writer.discard();
    this.takeApart(new OwnershipLost())?.abandon();
  }

  /** Removes the link at WhatsApp if it can be reached, then here. */
  async logout(): Promise<void> {
    await this.connection?.logout();
    await this.close();
    await this.tools.store.wipe(this.instanceId);
  }

  private beginEpoch(): void {
    this.epoch = this.tools.ownership.epochOf(this.instanceId);
    if (this.epoch === undefined) throw new OwnershipLost();
  }

  private get isHeld(): boolean {
    return this.epoch !== undefined && this.tools.ownership.epochOf(this.instanceId) === this.epoch;
  }

  /** Ends everything that goes on by itself. Returns the connection, which is still to be closed. */
  private takeApart(reason: Error): BaileysConnection | undefined {
    this.next.cancel();
    this.linking?.fail(reason);
    this.linking = undefined;
    const { connection } = this;
    this.connection = undefined;
    return connection;
  }

  private connect(): void {
    if (!this.isHeld) return this.next.cancel();
    if (!this.tools.ownership.maySend) return this.next.after(SILENT_MS);
    const { creds } = this;
    if (!creds) return;
    this.revision = this.tools.versions.current.revision;
    this.tell({ type: 'connecting' });
    try {
      this.connection = new BaileysConnection(
        creds,
        this.tools.store.keysOf(this.instanceId),
        this.logger,
        { ...this.options, agent: this.tools.proxies.for(this.options.proxy, this.instanceId) },
        this.revision,
        this.eventsOf(creds),
        this.tools.clock,
        () => this.isHeld && this.tools.ownership.maySend,
      );
    } catch (cause) {
      this.tools.log.error('A socket could not be made', { instanceId: this.instanceId, err: cause });
      this.onClosed({ code: 428, reason: 'The connection could not be set up' });
    }
  }

  private eventsOf(creds: AuthenticationCreds): ConnectionEvents {
    return {
      credentials: (changed) => this.writer.save(changed),
      reached: () => this.tools.turns.reached(this.instanceId),
      qr: (qr) => {
        if (!this.linking || !this.connection) return;
        this.linking.onQr(qr, this.connection);
        if (this.linking.method.kind === 'qr') this.tell({ type: 'qr_ready', qr });
      },
      paired: () => {
        this.linking?.pair();
        this.tell({ type: 'paired', jid: jidNormalizedUser(creds.me?.id) });
      },
      opened: () => {
        this.linking = undefined;
        this.next.opened();
        this.tools.versions.accepted(this.revision);
        this.tell({ type: 'connected', jid: jidNormalizedUser(creds.me?.id), name: creds.me?.name ?? null });
        this.stanzas.onOpened();
      },
      closed: (disconnect) => this.onClosed(disconnect),
      passkeyRequired: () => this.onPasskeyRequired(),
      call: (node) => this.stanzas.onCall(node, creds),
      receipt: (node) => this.stanzas.onReceipt(node),
      reachoutLock: (lock) => this.stanzas.onReachoutLock(lock),
    };
  }

  private onLinkGivenUp(attempt: LinkingAttempt, disconnect: Disconnect | undefined): void {
    if (this.linking !== attempt) return;
    void this.connection?.close();
    this.connection = undefined;
    this.next.cancel();
    this.linking = undefined;
    if (disconnect) this.tell({ type: 'disconnected', ...disconnect, retryAt: null });
  }

  /** The credentials of the attempt are in memory only, so that they go with it. */
  private onPasskeyRequired(): void {
    this.linking?.fail(new PasskeyRequired());
    this.linking = undefined;
    this.connection = undefined;
    this.tell({ type: 'passkey_required', ...PASSKEY_DISCONNECT });
  }

  private onClosed(disconnect: Disconnect): void {
    this.connection = undefined;
    this.next.closed();
    if (!this.isHeld) return;
    if (isReplaced(disconnect.code)) this.onReplaced(disconnect);
    else if (disconnect.code === CLIENT_OUTDATED) this.onOutdated();
    else this.onEnded(disconnect);
  }

  /** Another process may have taken the session over; then it is none of our business any more. */
  private onReplaced(disconnect: Disconnect): void {
    const confirmed = this.tools.ownership.confirm(this.instanceId).catch(() => true);
    void this.next.whenKnown(confirmed, (isOurs) => isOurs && this.onEnded(disconnect));
  }

  /** WhatsApp refused the client version; with a newer one the session goes on, and so does linking. */
  private onOutdated(): void {
    const { versions } = this.tools;
    const disconnect = { code: CLIENT_OUTDATED, reason: versions.refusalText(this.revision) };
    versions.refused(this.revision, this.options.proxy);
    if (!this.linking?.mayBeginAgain) return this.onEnded(disconnect);
    void this.next.whenKnown(this.versionRenewed(), (isRenewed) =>
      isRenewed ? this.connect() : this.onEnded(disconnect),
    );
  }

  private onEnded(disconnect: Disconnect): void {
    if (this.linking && !this.linking.paired) {
      const end = this.linking.endOf(disconnect);
      this.linking.fail(connectFailure(end));
      this.linking = undefined;
      return this.tell({ type: 'disconnected', ...end, retryAt: null });
    }
    const decision = decideReconnect(disconnect.code, this.next.attempt, randomInt(2 ** 20) / 2 ** 20);
    switch (decision.kind) {
      case 'restart':
        return this.next.after(0); // no event: the session goes on
      case 'wait': {
        const retryAt =
          disconnect.code === CLIENT_OUTDATED
            ? this.next.afterRefusal(this.revision, decision.delayMs)
            : this.next.afterFailure(decision.delayMs);
        void this.writer.saveBackoff({ attempt: this.next.attempt, notBefore: retryAt });
        this.tell({ type: 'disconnected', ...disconnect, retryAt });
        return;
      }
      case 'stop':
        return this.tell({ type: 'disconnected', ...disconnect, retryAt: null });
      case 'logged_out':
        this.tell({ type: 'logged_out', ...disconnect });
        void this.writer.drop(decision.evidence);
        return;
    }
  }
}
