import { randomUUID } from 'node:crypto';
import type { SecretBox } from '../../common/crypto/secret-box.js';
import type { Log } from '../../common/logging/log.js';
import type { Clock } from '../../common/time/clock.js';
import { OwnerUnavailable } from '../cluster.errors.js';
import { NodeLink } from '../node-link.js';
import { fieldsOf } from '../wire-values.js';
import { NatsInbox } from './nats-inbox.js';
import { NatsQuestions, PROBE } from './nats-questions.js';
import { PacketRefused, SealedPackets, type OpenedPacket } from './sealed-packets.js';

const NEWS_SUBJECT = 'ringdrop.events';
const WARNINGS = {
  not_sealed: 'NATS brings packets that were sealed with another encryption key, or by an earlier release',
  out_of_time:
    'NATS brings packets that are too old or from the future: the clocks of the processes differ, or somebody repeats them',
  repeated: 'NATS brings packets once more: somebody repeats them',
  too_many: 'NATS brings more packets than can be remembered; further ones are refused for a minute',
} as const;
/** Time for what other nodes asked for before this node began to stop. */
const LAST_ANSWERS_MS = 3000;

/**
 * Nodes that talk over NATS: one subject for each node and one for news to all. The broker keeps nothing. Node ids are never used again,
 * so that what was recorded for a node is of no use when its process has been started again.
 */
export class NatsLink extends NodeLink {
  private readonly packets: SealedPackets;
  private readonly questions: NatsQuestions;
  private readonly news: NatsInbox;
  private commands: NatsInbox | undefined;
  /** Tells this process's own news from those of others. */
  private readonly origin = randomUUID();
  private readonly answering = new Set<Promise<unknown>>();
  private lastNews: Promise<void> = Promise.resolve();
  private stopping: Promise<void> | undefined;
  private readonly warned = new Set<string>();
  /** What was heard before is forgotten. */
  private readonly startedAt: Date;
  private answer: (message: unknown) => Promise<unknown> = () => Promise.resolve(null);
  private hear: (message: unknown) => Promise<void> = () => Promise.resolve();

  constructor(
    private readonly natsUrl: string,
    secrets: SecretBox,
    private readonly clock: Clock,
    private readonly log: Log,
  ) {
    super();
    this.packets = new SealedPackets(secrets, clock);
    this.startedAt = clock.now();
    this.questions = new NatsQuestions(natsUrl, clock, log);
    this.news = new NatsInbox(natsUrl, NEWS_SUBJECT, (packet) => this.onNews(packet), clock, log);
  }

  override get isUp(): boolean {
    return this.questions.isUp && this.news.isUp && (this.commands?.isUp ?? false);
  }

  override onAsked(answer: (message: unknown) => Promise<unknown>): void {
    this.answer = answer;
  }

  override onTold(hear: (message: unknown) => Promise<void>): void {
    this.hear = hear;
  }

  /** Returns at once; the broker may be away for any time. */
  override open(nodeId: string): void {
    this.questions.open();
    this.news.open();
    this.serveAs(nodeId);
  }

  override serveAs(nodeId: string): void {
    const subject = subjectOf(nodeId);
    if (this.stopping || this.commands?.subject === subject) return;
    void this.commands?.close();
    this.commands = new NatsInbox(
      this.natsUrl,
      subject,
      (packet) => this.onQuestion(packet, subject),
      this.clock,
      this.log,
    );
    this.commands.open();
  }

  override stopAnswering(): Promise<void> {
    this.stopping ??= this.answerTheLast();
    return this.stopping;
  }

  override async close(): Promise<void> {
    await this.stopAnswering();
    await Promise.all([this.news.close(), this.questions.close()]);
  }

  override async ask(nodeId: string, message: unknown, timeoutMs: number): Promise<unknown> {
    const subject = subjectOf(nodeId);
    const { packet, id } = this.packets.seal(message, subject);
    const reply = await this.questions.ask(subject, packet, timeoutMs);
    try {
      return this.packets.openReply(reply, id);
    } catch (err) {
      this.log.warn('A reply of another process cannot be opened', { nodeId, err });
      throw OwnerUnavailable.silent();
    }
  }

  override tell(message: unknown): void {
    const { packet } = this.packets.seal({ origin: this.origin, message }, NEWS_SUBJECT);
    this.questions.tell(NEWS_SUBJECT, packet);
  }

  private async answerTheLast(): Promise<void> {
    await Promise.race([Promise.all(this.answering), this.clock.sleep(LAST_ANSWERS_MS)]);
    await this.commands?.close();
  }

  private onQuestion(packet: unknown, subject: string): Promise<unknown> {
    if (packet === PROBE) return Promise.resolve(PROBE);
    const question = this.opened(packet, subject);
    // Whoever cannot seal a question gets no reply that says anything; a node that can learns at once that nobody is here.
    if (!question) return Promise.resolve(null);
    if (this.stopping) return Promise.resolve(this.packets.sealReply({ type: 'not_here' }, question.id));
    const answering = this.answerTo(question).finally(() => this.answering.delete(answering));
    this.answering.add(answering);
    return answering;
  }

  private async answerTo({ id, value }: OpenedPacket): Promise<unknown> {
    return this.packets.sealReply(await this.answer(value), id);
  }

  private onNews(packet: unknown): Promise<unknown> {
    const { origin, message } = fieldsOf(this.opened(packet, NEWS_SUBJECT, this.startedAt)?.value ?? {});
    if (origin !== undefined && origin !== this.origin) {
      this.lastNews = this.lastNews.then(() => this.hear(message));
    }
    return Promise.resolve(null);
  }

  /** `undefined`: not from a node of this installation, or not for the first time. */
  private opened(packet: unknown, place: string, notBefore?: Date): OpenedPacket | undefined {
    try {
      return this.packets.open(packet, place, notBefore);
    } catch (err) {
      this.warnOnce(err);
      return undefined;
    }
  }

  /** Once of each kind: a stranger could fill the log. */
  private warnOnce(err: unknown): void {
    const kind = err instanceof PacketRefused ? err.reason : 'not_sealed';
    if (this.warned.has(kind)) return;
    this.warned.add(kind);
    this.log.warn(WARNINGS[kind], { err });
  }
}

function subjectOf(nodeId: string): string {
  return `ringdrop.node.${nodeId}.cmd`;
}
