import type { BinaryNode, ConnectionState } from '@whiskeysockets/baileys';
import { KeyedQueue } from '../../common/async/keyed-queue.js';
import type { WhatsAppSignal } from '../whatsapp-signals.js';
import { LinkingCancelled, SessionNotConnected } from '../whatsapp.errors.js';
import type {
  CallDraft,
  CalleeQuery,
  IncomingCallRef,
  LinkMethod,
  LinkOffer,
  Ring,
  SessionOptions,
  SessionState,
  TextMessage,
} from '../whatsapp.gateway.js';
import { AccountStanding } from './account-standing.js';
import { BaileysSession, type SessionTools } from './baileys-session.js';
import { draftCall, type OutdatedCall } from './call-draft.js';
import { CallRegistry } from './call-registry.js';
import { rejectIncomingCall, sendTextMessage } from './caller-answers.js';
import { CalleeLookup } from './callee-lookup.js';
import { userOf } from './device-jid.js';
import { meaningOf } from './failure-meaning.js';
import { IncomingCalls } from './incoming-calls.js';
import { SavedSessionOpening } from './saved-session-opening.js';
import type { SessionNews, WithoutOrigin } from './session-news.js';
import { TrustTokens } from './trust-tokens.js';

/** A signal without the instance and the time, which the line's owner knows. */
export type LineNews = WithoutOrigin<WhatsAppSignal>;

export interface LineTools extends SessionTools {
  /** How long an account is left alone when WhatsApp does not tell the end of a restriction. */
  readonly restrictionPauseMs: number;
}

/** One instance at WhatsApp: its session, its calls in both directions, and those who wait for it to connect. */
export class BaileysLine {
  private readonly session: BaileysSession;
  private readonly calls: CallRegistry;
  private readonly incoming: IncomingCalls;
  private readonly lookup = new CalleeLookup();
  private readonly standing: AccountStanding;
  private readonly tokens: TrustTokens;
  private readonly openings = new Set<SavedSessionOpening>();
  /** Commands run one after another. */
  private readonly commands = new KeyedQueue();
  /** Two first calls to one callee must not build a Signal session with each device twice at a time. */
  private readonly preparing = new KeyedQueue();
  private commandsInLine = 0;
  /** How often the session was closed for good. */
  private closings = 0;

  constructor(
    private readonly instanceId: string,
    private readonly tools: LineTools,
    private readonly tell: (news: LineNews) => void,
  ) {
    const wire = {
      nextStanzaId: () => this.session.openConnection().socket.generateMessageTag(),
      send: async (stanza: BinaryNode) => this.session.openConnection().socket.sendNode(stanza),
    };
    this.calls = new CallRegistry(wire, tools.clock, (callId, news) => tell({ callId, ...news }));
    this.incoming = new IncomingCalls((callId) => this.calls.knows(callId), tell);
    this.tokens = new TrustTokens(tools.clock, tools.log);
    const { clock, restrictionPauseMs } = tools;
    const askForLock = async () => this.session.openConnection().socket.fetchAccountReachoutTimelock();
    this.standing = new AccountStanding({ clock, restrictionPauseMs, askForLock }, tell);
    this.session = new BaileysSession(instanceId, tools, this.stanzaSink(), (news) => this.onNews(news));
  }

  get state(): SessionState {
    return this.session.state;
  }

  get currentQr(): string | undefined {
    return this.session.currentQr;
  }

  /** True when no session is wanted and no command is under way. */
  get isIdle(): boolean {
    return this.commandsInLine === 0 && this.state === 'absent';
  }

  /** As `WhatsAppGateway.secondsUntilConnected`. */
  get secondsUntilConnected(): number | undefined {
    return this.session.notConnected().retryAfterSeconds;
  }

  async link(method: LinkMethod, options: SessionOptions, left?: AbortSignal): Promise<LinkOffer> {
    if (this.state === 'connected') return { kind: 'connected' };
    const { opening, closings } = await this.inTurn(async () => ({
      opening: await this.openSaved(options),
      closings: this.closings,
    }));
    if (opening && (await opening.outcome) === 'connected') return { kind: 'connected' };
    const attempt = await this.inTurn(() => {
      if (this.closings !== closings) throw new LinkingCancelled();
      const underWay = this.session.linkUnderWay(method);
      if (underWay) return underWay;
      if (!opening) this.tools.pace.take(this.instanceId);
      return this.session.beginLink(method, options);
    });
    return attempt.wait(left);
  }

  open(options: SessionOptions & { readonly now?: boolean }): Promise<boolean> {
    return this.inTurn(() => {
      if (options.now) this.tools.pace.take(this.instanceId);
      return this.openSession(options);
    });
  }

  reconfigure(options: SessionOptions): Promise<void> {
    return this.inTurn(() => this.session.reconfigure(options));
  }

  close(): Promise<void> {
    return this.inTurn(() => {
      this.endWaits();
      return this.session.close();
    });
  }

  /** Ends the session at once, whatever command is under way. */
  abandon(): void {
    this.endWaits();
    this.session.abandon();
    this.calls.forgetAll();
    this.standing.forget();
  }

  logout(): Promise<void> {
    return this.inTurn(() => {
      this.endWaits();
      return this.session.logout();
    });
  }

  async holdsTokenOf(callee: CalleeQuery): Promise<boolean> {
    const { socket } = this.session.openConnection();
    return (await this.tokens.calleeWithToken(socket, callee)) !== undefined;
  }

  async prepareCall(callee: CalleeQuery, outdated?: OutdatedCall): Promise<CallDraft> {
    const connection = this.session.openConnection();
    const { lookup, calls: registry, standing, tokens } = this;
    const notConnected = () => this.session.notConnected();
    const renew = (before: OutdatedCall): Promise<CallDraft> => this.prepareCall(callee, before);
    try {
      return await this.preparing.run(keyOf(callee), () =>
        draftCall(
          connection,
          callee,
          { lookup, registry, standing, tokens, renew, notConnected, ...this.tools },
          outdated,
        ),
      );
    } catch (cause) {
      const meaning = meaningOf(cause, connection, 'who is the callee');
      throw meaning instanceof SessionNotConnected ? this.session.notConnected() : meaning;
    }
  }

  async storedNumberOf(lid: string): Promise<string | null> {
    const { socket } = this.session.openConnection();
    const pn = await socket.signalRepository.lidMapping.getPNForLID(lid);
    return pn === null ? null : userOf(pn);
  }

  followCall(ring: Ring): void {
    this.calls.follow(ring);
  }

  async hangUp(ring: Ring): Promise<void> {
    const connection = this.session.openConnection();
    try {
      await this.calls.follow(ring).hangUp();
    } catch (cause) {
      // A socket that closes under the stanza fails in its own words.
      throw connection.isOpen ? cause : this.session.notConnected();
    }
  }

  async rejectCall(call: IncomingCallRef): Promise<void> {
    const connection = this.session.openConnection();
    const { callId } = call;
    await this.incoming.reject(call, (creator) =>
      rejectIncomingCall(connection, { callId, creator }, { standing: this.standing, ...this.tools }),
    );
  }

  async sendText(message: TextMessage): Promise<void> {
    const connection = this.session.openConnection();
    await this.standing.settled();
    this.standing.requireFree(false);
    try {
      await sendTextMessage(connection, message, { standing: this.standing, ...this.tools });
    } catch (cause) {
      throw meaningOf(cause, connection, 'where does the message go');
    }
  }

  /**
   * `undefined`: no phone is linked, or one is being linked now. Whoever comes while the session is being opened for somebody waits
   * for the same connection.
   */
  private async openSaved(options: SessionOptions): Promise<SavedSessionOpening | undefined> {
    if (this.state === 'linking' || !(await this.tools.store.isLinked(this.instanceId))) return undefined;
    const isBeingOpened = this.openings.size > 0 && this.state === 'connecting';
    if (!isBeingOpened) this.tools.pace.take(this.instanceId);
    const opening = new SavedSessionOpening(this.tools.clock, () => this.session.versionRenewed());
    this.openings.add(opening);
    const forget = (): unknown => this.openings.delete(opening);
    opening.outcome.then(forget, forget);
    try {
      if (!isBeingOpened) await this.openSession({ ...options, now: true });
    } catch (cause) {
      opening.abandon();
      throw cause;
    }
    return opening;
  }

  private openSession(options: SessionOptions & { readonly now?: boolean }): Promise<boolean> {
    this.standing.restore(options.restriction);
    return this.session.open(options);
  }

  private endWaits(): void {
    this.closings += 1;
    for (const opening of this.openings) opening.abandon();
  }

  private onNews(news: SessionNews): void {
    for (const opening of this.openings) opening.take(news);
    if (news.type === 'paired') this.standing.reset();
    this.tell(news);
  }

  private stanzaSink() {
    return {
      onCall: (node: BinaryNode, creds: { readonly me?: { readonly id: string; readonly lid?: string } }) => {
        this.calls.onCall(node);
        this.incoming.onCall(node, creds.me);
      },
      onReceipt: (node: BinaryNode) => this.calls.onReceipt(node),
      onReachoutLock: (lock: NonNullable<ConnectionState['reachoutTimeLock']>) => this.standing.notice(lock),
      onOpened: () => this.calls.onOpened(),
    };
  }

  private async inTurn<T>(command: () => T | Promise<T>): Promise<T> {
    this.commandsInLine += 1;
    try {
      return await this.commands.run(this.instanceId, command);
    } finally {
      this.commandsInLine -= 1;
    }
  }
}

/** The same for both forms of a number. */
function keyOf(callee: CalleeQuery): string {
  return callee.kind === 'lid' ? callee.digits : callee.candidates.toSorted().join();
}
