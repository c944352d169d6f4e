import { randomInt } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import { initAuthCreds, jidNormalizedUser, type AuthenticationCreds } from '@whiskeysockets/baileys';
import { OwnershipLost } from '../../cluster/ownership.errors.js';
import type { Ownership } from '../../cluster/ownership.js';
import type { Log } from '../../common/logging/log.js';
import type { Clock, Timer } from '../../common/time/clock.js';
import type { SessionStore } from '../session-store/session-store.js';
import { LinkingCancelled, NoCredentials, PasskeyRequired, SessionNotConnected } from '../whatsapp.errors.js';
import type { LinkMethod, LinkOffer, SessionOptions, SessionState } from '../whatsapp.gateway.js';
import { BaileysConnection, type ConnectionEvents } from './baileys-connection.js';
import { BaileysLogger } from './baileys-logger.js';
import { connectFailure } from './connect-failures.js';
import { CredentialsWriter } from './credentials-writer.js';
import { PASSKEY_DISCONNECT, type Disconnect } from './disconnect-reason.js';
import { LinkingAttempt } from './linking-attempt.js';
import { decideReconnect } from './reconnect-policy.js';
import type { SessionNews } from './session-news.js';
import type { StanzaSink } from './stanza-sink.js';

/** A connection that lasted this long ends a row of failed attempts. */
const STABLE_MS = 60_000;
/** A process that may not send now either may again within this time, or has lost the session. */
const SILENT_MS = 1_000;
/** Another connection of the same session has replaced this one. */
const REPLACED_CODES = [409, 440];

export interface SessionTools {
  readonly store: SessionStore;
  readonly ownership: Ownership;
  readonly clock: Clock;
  readonly log: Log;
}

/**
 * Keeps one instance connected over many sockets: links the phone, logs in, climbs the reconnect ladder.
 * Commands must not overlap; the gateway sees to it.
 */
export class BaileysSession {
  private connection: BaileysConnection | undefined;
  private linking: LinkingAttempt | undefined;
  private retry: Timer | undefined;
  private attempt = 0;
  private openedAtMs: number | undefined;
  /** Under which this session was opened; in another one somebody else may have moved its keys on. */
  private epoch: string | undefined;
  /** A 440 came, and the row of the owner is being read. */
  private checking: object | undefined;
  private options: SessionOptions = { proxy: null, keepOnline: false };
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
  }

  get state(): SessionState {
    if (this.connection?.isOpen) return 'connected';
    if (this.linking && !this.linking.paired) return 'linking';
    return this.connection || this.retry || this.checking ? 'connecting' : 'absent';
  }

  get currentQr(): string | undefined {
    return this.linking?.currentQr;
  }

  /** @throws SessionNotConnected */
  openConnection(): BaileysConnection {
    if (!this.connection?.isOpen) throw new SessionNotConnected();
    return this.connection;
  }

  /** @throws NoCredentials, CredentialsCorrupt, OwnershipLost */
  async open(options: SessionOptions & { readonly now?: boolean }): Promise<void> {
    await this.close();
    this.beginEpoch();
    const creds = await this.tools.store.loadCredentials(this.instanceId);
    if (!creds) throw new NoCredentials();
    this.options = options;
    const backoff = await this.tools.store.loadBackoff(this.instanceId);
    this.attempt = backoff.attempt;
    const waitMs = options.now ? 0 : (backoff.notBefore?.getTime() ?? 0) - this.tools.clock.now().getTime();
    if (waitMs > 0) this.connectLater(creds, waitMs);
    else this.connect(creds);
  }

  /** @throws as `open` */
  async reconfigure(options: SessionOptions): Promise<void> {
    const staysOpen = this.connection?.isOpen && isDeepStrictEqual(options.proxy, this.options.proxy);
    if (!staysOpen) return this.open({ ...options, now: true });
    this.options = options;
    this.connection?.showPresence(options.keepOnline);
  }

  /** Begins a fresh link, or joins the one that is under way. */
  async beginLink(
    method: LinkMethod,
    options: SessionOptions,
  ): Promise<{ readonly offer: Promise<LinkOffer> }> {
    if (this.linking?.isFor(method) && !this.linking.paired && this.connection) return this.linking;
    await this.close();
    this.beginEpoch();
    await this.tools.store.wipe(this.instanceId);
    this.options = options;
    this.attempt = 0;
    const attempt: LinkingAttempt = new LinkingAttempt(method, this.tools.clock, (disconnect) =>
      this.onLinkGivenUp(attempt, disconnect),
    );
    this.linking = attempt;
    this.connect(initAuthCreds());
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
    this.retry?.cancel();
    this.retry = undefined;
    this.checking = undefined;
    this.linking?.fail(reason);
    this.linking = undefined;
    const { connection } = this;
    this.connection = undefined;
    this.openedAtMs = undefined;
    return connection;
  }

  private connect(creds: AuthenticationCreds): void {
    this.retry = undefined;
    if (!this.isHeld) return;
    if (!this.tools.ownership.maySend) return this.connectLater(creds, SILENT_MS);
    this.tell({ type: 'connecting' });
    try {
      const keys = this.tools.store.keysOf(this.instanceId);
      this.connection = new BaileysConnection(
        creds,
        keys,
        this.logger,
        this.options,
        this.eventsOf(creds),
        this.tools.clock,
        () => this.isHeld && this.tools.ownership.maySend,
      );
    } catch (cause) {
      this.tools.log.error('A socket could not be made', { instanceId: this.instanceId, err: cause });
      this.onClosed(creds, { code: 428, reason: 'The connection could not be set up' });
    }
  }

  private connectLater(creds: AuthenticationCreds, delayMs: number): void {
    this.retry = this.tools.clock.schedule(delayMs, () => this.connect(creds));
  }

  private eventsOf(creds: AuthenticationCreds): ConnectionEvents {
    return {
      credentials: (changed) => this.writer.save(changed),
      qr: (qr) => {
        if (!this.linking || !this.connection) return;
        this.linking.onQr(qr, this.connection);
        if (this.linking.method.kind === 'qr') this.tell({ type: 'qr_ready', qr });
      },
      paired: () => {
        if (this.linking) this.linking.paired = true;
        this.tell({ type: 'paired', jid: jidNormalizedUser(creds.me?.id) });
      },
      opened: () => {
        this.linking = undefined;
        this.openedAtMs = this.tools.clock.monotonicMs();
        this.tell({ type: 'connected', jid: jidNormalizedUser(creds.me?.id), name: creds.me?.name ?? null });
        this.stanzas.onOpened();
      },
      closed: (disconnect) => this.onClosed(creds, disconnect),
      passkeyRequired: () => this.onPasskeyRequired(),
      call: (node) => this.stanzas.onCall(node, creds),
      receipt: (node) => this.stanzas.onReceipt(node),
      reachoutLock: (lock) => this.stanzas.onReachoutLock(lock),
    };
  }

  private onLinkGivenUp(attempt: LinkingAttempt, disconnect: Disconnect): void {
    if (this.linking !== attempt) return;
    const { connection } = this;
    this.connection = undefined;
    this.linking = undefined;
    this.settle(Promise.resolve(connection?.close()));
    this.tell({ type: 'disconnected', ...disconnect, retryAt: null });
  }

  /** The credentials of the attempt are in memory only, so that they go with it. */
  private onPasskeyRequired(): void {
    this.linking?.fail(new PasskeyRequired());
    this.linking = undefined;
    this.connection = undefined;
    this.tell({ type: 'passkey_required', ...PASSKEY_DISCONNECT });
  }

  private onClosed(creds: AuthenticationCreds, disconnect: Disconnect): void {
    this.connection = undefined;
    const openForMs = this.openedAtMs === undefined ? 0 : this.tools.clock.monotonicMs() - this.openedAtMs;
    this.openedAtMs = undefined;
    if (openForMs >= STABLE_MS) this.attempt = 0;
    if (!this.isHeld) return;
    if (REPLACED_CODES.includes(disconnect.code)) this.settle(this.onReplaced(creds, disconnect));
    else this.onEnded(creds, disconnect);
  }

  /** Another process may have taken the session over; then it is none of our business any more. */
  private async onReplaced(creds: AuthenticationCreds, disconnect: Disconnect): Promise<void> {
    const check = {};
    this.checking = check;
    const isOurs = await this.tools.ownership.confirm(this.instanceId).catch(() => true);
    if (this.checking !== check) return;
    this.checking = undefined;
    if (isOurs) this.onEnded(creds, disconnect);
  }

  private onEnded(creds: AuthenticationCreds, disconnect: Disconnect): void {
    if (this.linking && !this.linking.paired) {
      this.linking.fail(connectFailure(disconnect));
      this.linking = undefined;
      this.tell({ type: 'disconnected', ...disconnect, retryAt: null });
      return;
    }
    const decision = decideReconnect(disconnect.code, this.attempt, randomInt(2 ** 20) / 2 ** 20);
    switch (decision.kind) {
      case 'restart':
        this.connectLater(creds, 0); // no news: the session goes on
        return;
      case 'wait': {
        const retryAt = new Date(this.tools.clock.now().getTime() + decision.delayMs);
        this.attempt += 1;
        this.remember(retryAt);
        this.tell({ type: 'disconnected', ...disconnect, retryAt });
        this.connectLater(creds, decision.delayMs);
        return;
      }
      case 'stop':
        this.tell({ type: 'disconnected', ...disconnect, retryAt: null });
        return;
      case 'logged_out':
        this.tell({ type: 'logged_out', ...disconnect });
        this.settle(this.writer.stop().then(() => this.dropCredentials(decision.evidence)));
        return;
    }
  }

  private async dropCredentials(asEvidence: boolean): Promise<void> {
    const { store } = this.tools;
    await (asEvidence ? store.unlink(this.instanceId) : store.wipe(this.instanceId));
  }

  private remember(notBefore: Date): void {
    this.settle(this.tools.store.saveBackoff(this.instanceId, { attempt: this.attempt, notBefore }));
  }

  /** Bookkeeping that must not hold up the session. */
  private settle(work: Promise<void>): void {
    work.catch((cause: unknown) =>
      this.tools.log.error('The state of a session could not be stored', {
        instanceId: this.instanceId,
        err: cause,
      }),
    );
  }
}
