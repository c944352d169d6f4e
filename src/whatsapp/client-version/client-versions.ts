import { randomInt } from 'node:crypto';
import { Agent } from 'node:https';
import {
  Injectable,
  type BeforeApplicationShutdown,
  type OnApplicationBootstrap,
  type OnModuleInit,
} from '@nestjs/common';
import { NodeNews, type NewsTopic } from '../../cluster/node-news.js';
import { number } from '../../cluster/wire-values.js';
import { EventBus } from '../../common/events/event-bus.js';
import { Log } from '../../common/logging/log.js';
import { Clock, type Timer } from '../../common/time/clock.js';
import { AppConfig } from '../../config/app-config.js';
import { ProxyAgents } from '../proxy-agents.js';
import type { NetworkProxy } from '../whatsapp.gateway.js';
import { ClientVersionRepository, type DueQuestion } from './client-version.repository.js';
import { refusalText, versionText, type ClientVersion } from './client-version.js';
import { askForRevision, RevisionUnknown } from './service-worker.js';

const DAY_MS = 24 * 60 * 60_000;
/** The processes of an installation do not look at the same time. */
const JITTER = 0.1;
const BETWEEN_LOOKS_MS = 500;
/** WhatsApp may refuse some sessions and accept others for a while. */
const BETWEEN_REPORTS_MS = 10 * 60_000;
/** Proxies through which the question is tried when it fails directly; one that hangs must not hold up the others for long. */
const DETOURS = 3;
const MAX_KNOWN_DETOURS = 200;
/** All sessions are refused at about the same time, and the first may have no proxy. */
const DETOUR_PATIENCE_MS = 2_000;

/** The library's own version. */
export type LibraryVersion = Omit<ClientVersion, 'source'>;

/** WhatsApp refused this revision (405). */
export class ClientVersionRefused {
  constructor(readonly revision: number) {}
}

/** A revision that one process learned, for all. */
const REVISION_LEARNED: NewsTopic<number> = { name: 'client-version.learned', parse: number };

/**
 * The version of WhatsApp Web that all sessions send: WHATSAPP_WEB_VERSION, or else the highest of what the library brings, what is
 * stored and what WhatsApp Web itself was seen to use. WhatsApp refuses a version some weeks after it was built.
 */
@Injectable()
export class ClientVersions implements OnModuleInit, OnApplicationBootstrap, BeforeApplicationShutdown {
  private version: ClientVersion;
  /** When a revision was learned before the start, by whichever process. */
  private learnedAt: Date | undefined;
  private refusedRevision = 0;
  private reportedAtMs = -Infinity;
  private asking: { readonly question: DueQuestion; readonly done: Promise<void> } | undefined;
  private daily: Timer | undefined;
  /** Why the last question failed, so that a repetition is not logged. */
  private lastFailure: string | undefined;
  private readonly stopped = new AbortController();
  private readonly waiting = new Set<{ readonly revision: number; readonly work: () => void }>();
  /** Proxies of refused sessions, by their address. */
  private readonly detours = new Map<string, NetworkProxy>();

  constructor(
    private readonly library: LibraryVersion,
    private readonly repository: ClientVersionRepository,
    private readonly nodes: NodeNews,
    private readonly events: EventBus,
    private readonly proxies: ProxyAgents,
    private readonly config: AppConfig,
    private readonly clock: Clock,
    private readonly log: Log,
  ) {
    const fixed = config.whatsappWebRevision;
    this.version =
      fixed === undefined
        ? { ...library, source: 'built-in' }
        : { revision: fixed, source: 'environment', currentAt: null };
  }

  get current(): ClientVersion {
    return this.version;
  }

  /** WhatsApp refuses the version in use, so that whoever connects is probably refused too. */
  get isRefused(): boolean {
    return this.refusedRevision >= this.version.revision;
  }

  async onModuleInit(): Promise<void> {
    this.nodes.on(REVISION_LEARNED, (revision) => {
      this.take(revision, 'learned', this.clock.now());
    });
    await this.readStored('stored');
    this.log.info('The client version is chosen', describe(this.version));
    if (this.version.revision < this.library.revision) {
      const library = versionText(this.library.revision);
      this.log.warn('WHATSAPP_WEB_VERSION is older than the version of the library', { library });
    }
  }

  /** The sessions do not wait for the answer: they start with what is known, and go on with what is learned. */
  onApplicationBootstrap(): void {
    if (!this.learns) return;
    const ageMs = this.learnedAt ? this.clock.now().getTime() - this.learnedAt.getTime() : DAY_MS;
    this.askLater(Math.max(0, DAY_MS - ageMs));
  }

  async beforeApplicationShutdown(): Promise<void> {
    this.stopped.abort();
    this.daily?.cancel();
    await this.asking?.done;
  }

  /**
   * A session was refused with this revision. Unless a higher one is known, WhatsApp Web is asked for its own.
   * @param proxy the way of the refused session, for when there is no direct one
   */
  refused(revision: number, proxy: NetworkProxy | null): void {
    const isFirst = this.refusedRevision < revision;
    this.refusedRevision = Math.max(this.refusedRevision, revision);
    void this.events.publish(new ClientVersionRefused(revision));
    if (this.version.revision > revision) return;
    if (proxy) this.rememberDetour(proxy);
    const asked = this.ask('refused');
    if (isFirst) void asked.then(() => this.reportRefusal(revision));
  }

  /** A session was let in with this revision. */
  accepted(revision: number): void {
    if (this.refusedRevision < revision || this.version.revision > revision) return;
    this.refusedRevision = 0;
    this.log.debug('WhatsApp accepts the client version again', describe(this.version));
  }

  /** Resolves when no question is under way: whether a revision above this one is known. */
  async renewed(revision: number): Promise<boolean> {
    await this.asking?.done;
    return this.version.revision > revision;
  }

  /** Runs `work` once, when a revision above this one is learned. Ask `current` first. */
  onceHigher(revision: number, work: () => void): Timer {
    const entry = { revision, work };
    this.waiting.add(entry);
    return { cancel: () => void this.waiting.delete(entry) };
  }

  /** Words for somebody whose session was refused with this revision. */
  refusalText(revision: number): string {
    if (this.isFixed) return refusalText(revision, 'fixed');
    return refusalText(revision, this.learns ? 'learning' : 'closed');
  }

  private get isFixed(): boolean {
    return this.config.whatsappWebRevision !== undefined;
  }

  private get learns(): boolean {
    return !this.isFixed && this.config.whatsappWebVersionRefresh;
  }

  private askLater(delayMs: number): void {
    this.daily = this.clock.schedule(delayMs, () => {
      void this.ask('daily').then(() => {
        const jitter = 1 - JITTER + (2 * JITTER * randomInt(1000)) / 1000;
        if (!this.stopped.signal.aborted) this.askLater(DAY_MS * jitter);
      });
    });
  }

  /** One question at a time; whoever comes meanwhile waits for its answer. Never rejects. */
  private ask(question: DueQuestion): Promise<void> {
    const { asking } = this;
    // The daily question may not be due when that of a refusal is.
    if (asking && asking.question === question) return asking.done;
    const done = (asking?.done ?? Promise.resolve()).then(() => this.askOnce(question));
    const mine = { question, done };
    this.asking = mine;
    void done.then(() => {
      if (this.asking === mine) this.asking = undefined;
    });
    return done;
  }

  private async askOnce(question: DueQuestion): Promise<void> {
    if (this.isFixed || this.stopped.signal.aborted) return;
    try {
      if (this.learns && (await this.repository.claim(question))) return await this.askAsTheOne(question);
      while (this.learns && (await this.repository.isUnderWay())) await this.clock.sleep(BETWEEN_LOOKS_MS);
      await this.readStored('learned');
    } catch (cause) {
      this.reportFailure(cause);
    }
  }

  private async askAsTheOne(question: DueQuestion): Promise<void> {
    let revision: number | undefined;
    try {
      revision = await this.askWhatsApp(question);
      if (!this.take(revision, 'learned', this.clock.now())) {
        throw new RevisionUnknown(`${versionText(revision)} is lower than what is known`);
      }
      this.nodes.tell(REVISION_LEARNED, revision);
      this.lastFailure = undefined;
    } finally {
      this.detours.clear();
      await this.repository.answered(revision);
    }
  }

  /** Directly first, then the way of sessions that were refused. @throws RevisionUnknown */
  private async askWhatsApp(question: DueQuestion): Promise<number> {
    try {
      return await this.askThrough(null);
    } catch (failure) {
      if (question === 'refused' && this.detours.size === 0) await this.clock.sleep(DETOUR_PATIENCE_MS);
      for (const proxy of pickSome([...this.detours.values()], DETOURS)) {
        const revision = await this.askThrough(proxy).catch(() => undefined);
        if (revision !== undefined) return revision;
      }
      throw failure;
    }
  }

  private askThrough(proxy: NetworkProxy | null): Promise<number> {
    const agent = this.proxies.for(proxy) ?? new Agent({ keepAlive: false });
    return askForRevision(agent, this.clock, this.stopped.signal);
  }

  private async readStored(source: 'stored' | 'learned'): Promise<void> {
    const stored = await this.repository.load();
    if (!stored) return;
    this.learnedAt = stored.learnedAt;
    this.take(stored.revision, source, stored.learnedAt);
  }

  /** False: it is lower than what is known, which changes nothing. */
  private take(revision: number, source: 'stored' | 'learned', currentAt: Date): boolean {
    const { version } = this;
    if (this.isFixed || revision < version.revision) return false;
    const isHigher = revision > version.revision;
    this.version = { revision, source: isHigher ? source : version.source, currentAt };
    if (!isHigher) return true;
    if (source === 'learned')
      this.log.info('A newer client version is used from now on', describe(this.version));
    for (const entry of this.waiting) {
      if (entry.revision >= revision) continue;
      this.waiting.delete(entry);
      entry.work();
    }
    return true;
  }

  private rememberDetour(proxy: NetworkProxy): void {
    if (this.detours.size >= MAX_KNOWN_DETOURS) return;
    this.detours.set(`${proxy.protocol}://${proxy.username ?? ''}@${proxy.host}:${proxy.port}`, proxy);
  }

  /** One line for all sessions. */
  private reportRefusal(revision: number): void {
    const nowMs = this.clock.monotonicMs();
    if (nowMs - this.reportedAtMs < BETWEEN_REPORTS_MS) return;
    this.reportedAtMs = nowMs;
    if (this.version.revision > revision) {
      const details = { refused: versionText(revision), ...describe(this.version) };
      this.log.warn('WhatsApp refuses the client version; sessions connect again with a newer one', details);
    } else {
      const details = { ...describe(this.version), advice: this.refusalText(revision) };
      this.log.error('WhatsApp refuses the client version, and no newer one is known', details);
    }
  }

  private reportFailure(cause: unknown): void {
    const reason = cause instanceof RevisionUnknown ? cause.message : String(cause);
    if (reason === this.lastFailure || this.stopped.signal.aborted) return;
    this.lastFailure = reason;
    this.log.warn('The version of WhatsApp Web could not be learned and stored', { reason });
  }
}

function describe({ revision, source }: ClientVersion): {
  readonly version: string;
  readonly source: string;
} {
  return { version: versionText(revision), source };
}

function pickSome<T>(items: readonly T[], count: number): T[] {
  const left = [...items];
  return Array.from({ length: Math.min(count, left.length) }, () =>
    left.splice(randomInt(left.length), 1),
  ).flat();
}
