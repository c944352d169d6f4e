import { Injectable } from '@nestjs/common';
import { Log } from '../common/logging/log.js';
import { NodeLink } from './node-link.js';
import { NodeNews, type NewsTopic } from './node-news.js';
import { fieldsOf, text } from './wire-values.js';

type Reaction = (news: unknown) => Promise<void>;

/** News over the link to the other nodes. */
@Injectable()
export class LinkedNews extends NodeNews {
  private readonly reactions = new Map<string, Reaction[]>();

  constructor(
    private readonly link: NodeLink,
    private readonly log: Log,
  ) {
    super();
    link.onTold((message) => this.hear(message));
  }

  override tell<News>({ name }: NewsTopic<News>, news: News): void {
    this.link.tell({ topic: name, news });
  }

  override on<News>({ name, parse }: NewsTopic<News>, react: (news: News) => void | Promise<void>): void {
    const reactions = this.reactions.get(name) ?? [];
    reactions.push(async (news) => react(parse(news)));
    this.reactions.set(name, reactions);
  }

  private async hear(message: unknown): Promise<void> {
    try {
      const { topic, news } = fieldsOf(message);
      for (const react of this.reactions.get(text(topic)) ?? []) await react(news);
    } catch (err) {
      this.log.warn('News of another process could not be used', { err });
    }
  }
}
