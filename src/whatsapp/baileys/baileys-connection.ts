import type { IncomingMessage } from 'node:http';
import {
  buildAckStanza,
  makeWASocket,
  type AuthenticationCreds,
  type BinaryNode,
  type ConnectionState,
  type SignalKeyStore,
  type WASocket,
} from '@whiskeysockets/baileys';
import type { ILogger } from '@whiskeysockets/baileys/lib/Utils/logger.js';
import type { Clock, Timer } from '../../common/time/clock.js';
import type { ConnectionEnd } from '../whatsapp.errors.js';
import {
  NO_ANSWER,
  PASSKEY_DISCONNECT,
  readDisconnect,
  readHttpRefusal,
  type Disconnect,
} from './disconnect-reason.js';
import { FrameReader } from './frame-reader.js';
import { isPasskeyRequest } from './passkey-request.js';
import { socketOptions, type SocketWay } from './socket-options.js';
import { guardWire } from './wire-guard.js';

/** How long the socket may take to open, and the server to answer after that. */
const ANSWER_TIMEOUT_MS = 20_000;
/** How long a peer may take to say goodbye before the socket is left alone. */
const CLOSE_TIMEOUT_MS = 1_000;
const LOGOUT_TIMEOUT_MS = 5_000;

/** What happens on one connection. Each is called at most as often as its name says; none after `close()`. */
export interface ConnectionEvents {
  /** Credentials changed; called many times. */
  credentials(creds: AuthenticationCreds): void;
  /** The socket is open, and the handshake begins; once. */
  reached(): void;
  /** A new QR payload; called many times while linking. */
  qr(qr: string): void;
  /** The phone accepted the link; once. */
  paired(): void;
  /** Logged in; once. */
  opened(): void;
  /** Gone by itself; once, and the last. */
  closed(disconnect: Disconnect): void;
  /** In place of `closed`: WhatsApp asked for a passkey instead of linking, and the connection was ended. */
  passkeyRequired(): void;
  call(node: BinaryNode): void;
  receipt(node: BinaryNode): void;
  reachoutLock(lock: NonNullable<ConnectionState['reachoutTimeLock']>): void;
}

/** One socket from open to close, with everything that was hung on it. */
export class BaileysConnection {
  readonly socket: WASocket;
  private readonly wire: { cut(): void };
  private endedBy: ConnectionEnd | undefined;
  private loggedIn = false;
  private passkeyAsked = false;
  private readonly whenFinished = new Set<(end: ConnectionEnd) => void>();

  constructor(
    readonly creds: AuthenticationCreds,
    keys: SignalKeyStore,
    logger: ILogger,
    way: SocketWay,
    /** Of the client version, see `ClientVersions`. */
    readonly revision: number,
    private readonly events: ConnectionEvents,
    private readonly clock: Clock,
    /** Asked before each frame. */
    mayWrite: () => boolean,
  ) {
    this.socket = makeWASocket(socketOptions(creds, keys, logger, way, revision));
    this.wire = guardWire(this.socket, mayWrite, clock);
    this.socket.ev.on('creds.update', () => this.tell(() => events.credentials(creds)));
    this.socket.ev.on('connection.update', (update) => this.onUpdate(update));
    this.socket.ws.on('CB:call', (node: BinaryNode) => this.tell(() => events.call(node)));
    this.socket.ws.on('CB:receipt', (node: BinaryNode) => this.tell(() => events.receipt(node)));
    this.socket.ws.on('open', () => this.tell(() => events.reached()));
    this.endOnHttpAnswer();
    this.endOnBrokenFrames(logger);
    this.endOnSilence();
    this.endOnPasskeyRequest();
  }

  get isOpen(): boolean {
    return this.loggedIn && !this.endedBy && this.socket.ws.isOpen;
  }

  /** `undefined`: it has not ended. */
  get end(): ConnectionEnd | undefined {
    return this.endedBy;
  }

  /** Runs `work` when the connection is over, closed by us or not. Returns a function that gives it up. */
  onceFinished(work: (end: ConnectionEnd) => void): () => void {
    this.whenFinished.add(work);
    return () => this.whenFinished.delete(work);
  }

  /** Says what the library says by itself at the login. One that is lost with its connection is said again at the next. */
  showPresence(online: boolean): void {
    this.socket.sendPresenceUpdate(online ? 'available' : 'unavailable').catch(() => undefined);
  }

  /** Ends the socket without an event; may be called twice. */
  async close(): Promise<void> {
    this.finish('closed');
    await this.withDeadline(this.socket.end(undefined), CLOSE_TIMEOUT_MS);
  }

  /** Cuts the socket off at once, without a word and without an event. */
  abandon(): void {
    this.finish('moved');
    this.wire.cut();
    void this.socket.end(undefined).catch(() => undefined);
  }

  /** Removes the link at WhatsApp, as far as it can be reached, and ends the socket without an event. */
  async logout(): Promise<void> {
    if (!this.isOpen) return this.close();
    this.finish('closed');
    await this.withDeadline(this.socket.logout(), LOGOUT_TIMEOUT_MS);
    await this.close();
  }

  private async withDeadline(work: Promise<unknown>, timeoutMs: number): Promise<void> {
    await Promise.race([work.catch(() => undefined), this.clock.sleep(timeoutMs)]);
  }

  /** Until the first frame of the server. */
  private endOnSilence(): void {
    const { ws } = this.socket;
    const watch = (): Timer => this.clock.schedule(ANSWER_TIMEOUT_MS, () => this.fail(NO_ANSWER));
    let deadline = watch();
    ws.once('open', () => {
      deadline.cancel();
      deadline = watch();
    });
    const answered = (): void => deadline.cancel();
    ws.once('frame', answered);
    this.onceFinished(answered);
  }

  /**
   * An edge that is overloaded answers the upgrade in plain HTTP. The library passes that event
   * on to nobody, but `ws` leaves the ending of the attempt to whoever listens: it would wait for ever.
   */
  private endOnHttpAnswer(): void {
    this.socket.ws.on('unexpected-response', (_request: unknown, { statusCode }: IncomingMessage) =>
      this.fail(readHttpRefusal(statusCode)),
    );
  }

  private endOnBrokenFrames(logger: ILogger): void {
    const { ws } = this.socket;
    const listeners = ws.listeners('message') as ((data: unknown) => unknown)[];
    for (const listener of listeners) {
      const reader = new FrameReader(listener, {
        isEstablished: () => this.loggedIn,
        skipped: () => logger.warn({}, 'a stanza that could not be read was left out'),
        broken: () => this.fail({ code: 500, reason: 'A frame could not be read' }),
      });
      ws.off('message', listener);
      ws.on('message', (data: unknown) => void reader.take(data));
      ws.on('frame', () => reader.succeeded());
    }
  }

  /**
   * While a phone is being linked the request for a passkey is kept from the library (7.0.0-rc14), which acknowledges it
   * when it links by code and fails to when it links by QR. So it is acknowledged here, once in either case.
   */
  private endOnPasskeyRequest(): void {
    const { ws } = this.socket;
    const readers = ws.listeners('CB:notification') as ((node: BinaryNode) => unknown)[];
    for (const read of readers) {
      ws.off('CB:notification', read);
      ws.on('CB:notification', (node: BinaryNode) => {
        if (this.creds.account || !isPasskeyRequest(node)) read(node);
      });
    }
    ws.on('CB:notification', (node: BinaryNode) => {
      if (this.creds.account || !isPasskeyRequest(node)) return;
      this.passkeyAsked = true;
      const acknowledged = this.socket.sendNode(buildAckStanza(node));
      void this.withDeadline(acknowledged, CLOSE_TIMEOUT_MS).then(() => this.fail(PASSKEY_DISCONNECT));
    });
  }

  private onUpdate(update: Partial<ConnectionState>): void {
    const { qr, isNewLogin, connection, lastDisconnect, reachoutTimeLock } = update;
    if (qr) this.tell(() => this.events.qr(qr));
    if (isNewLogin) this.tell(() => this.events.paired());
    if (reachoutTimeLock) this.tell(() => this.events.reachoutLock(reachoutTimeLock));
    if (connection === 'open') {
      this.loggedIn = true;
      this.tell(() => this.events.opened());
    }
    if (connection === 'close') this.fail(readDisconnect(lastDisconnect?.error));
  }

  private fail(disconnect: Disconnect): void {
    if (this.endedBy) return;
    this.finish('lost');
    void this.socket.end(undefined);
    if (this.passkeyAsked) this.events.passkeyRequired();
    else this.events.closed(disconnect);
  }

  private finish(end: ConnectionEnd): void {
    this.endedBy ??= end;
    for (const work of this.whenFinished) work(this.endedBy);
    this.whenFinished.clear();
  }

  private tell(event: () => void): void {
    if (!this.endedBy) event();
  }
}
