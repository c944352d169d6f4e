import { randomUUID } from 'node:crypto';
import type { SecretBox } from '../../common/crypto/secret-box.js';
import type { Log } from '../../common/logging/log.js';
import type { Clock } from '../../common/time/clock.js';
import { OwnerUnavailable } from '../cluster.errors.js';
import { NodeLink } from '../node-link.js';
import { fieldsOf } from '../wire-values.js';
import { NatsInbox } from './nats-inbox.js';
import { NatsQuestions, PROBE } from './nats-questions.js';
import { SealedPackets } from './sealed-packets.js';

const NEWS_SUBJECT = 'ringdrop.events';
/** Time for what other nodes asked for before this node began to stop. */
const LAST_ANSWERS_MS = 3000;

/** Nodes that talk over NATS: one subject for each node and one for news to all. The broker keeps nothing. */
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
  private hasWarned = false;
  private answer: (message: unknown) => Promise<unknown> = () => Promise.resolve(null);
  private hear: (message: unknown) => Promise<void> = () => Promise.resolve();

  constructor(
    private readonly natsUrl: string,
    secrets: SecretBox,
    private readonly clock: Clock,
    private readonly log: Log,
  ) {
    super();
    this.packets = new SealedPackets(secrets);
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
    const reply = await this.questions.ask(subject, this.packets.seal(message, subject), timeoutMs);
    try {
      return this.packets.open(reply, replyTo(subject));
    } catch (err) {
      this.log.warn('A reply of another process cannot be opened', { nodeId, err });
      throw OwnerUnavailable.silent();
    }
  }

  override tell(message: unknown): void {
    this.questions.tell(NEWS_SUBJECT, this.packets.seal({ origin: this.origin, message }, NEWS_SUBJECT));
  }

  private async answerTheLast(): Promise<void> {
    await Promise.race([Promise.all(this.answering), this.clock.sleep(LAST_ANSWERS_MS)]);
    await this.commands?.close();
  }

  private onQuestion(packet: unknown, subject: string): Promise<unknown> {
    if (packet === PROBE) return Promise.resolve(PROBE);
    // Nobody in particular is told: whoever cannot seal a question learns nothing, and a node that can hears at once.
    if (this.stopping) return Promise.resolve(this.packets.seal({ type: 'not_here' }, replyTo(subject)));
    const answering = this.answerTo(packet, subject).finally(() => this.answering.delete(answering));
    this.answering.add(answering);
    return answering;
  }

  private async answerTo(packet: unknown, subject: string): Promise<unknown> {
    const message = this.opened(packet, subject);
    return this.packets.seal(message === undefined ? null : await this.answer(message), replyTo(subject));
  }

  private onNews(packet: unknown): Promise<unknown> {
    const { origin, message } = fieldsOf(this.opened(packet, NEWS_SUBJECT) ?? {});
    if (origin !== undefined && origin !== this.origin) {
      this.lastNews = this.lastNews.then(() => this.hear(message));
    }
    return Promise.resolve(null);
  }

  /** `undefined`: not from a node of this installation. */
  private opened(packet: unknown, place: string): unknown {
    try {
      return this.packets.open(packet, place);
    } catch (err) {
      // Once: a stranger could fill the log.
      if (!this.hasWarned) {
        this.log.warn('NATS brings packets that were not sealed with the encryption key of this process', {
          err,
        });
      }
      this.hasWarned = true;
      return undefined;
    }
  }
}

function subjectOf(nodeId: string): string {
  return `ringdrop.node.${nodeId}.cmd`;
}

function replyTo(subject: string): string {
  return `reply of ${subject}`;
}
