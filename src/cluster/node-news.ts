/** A kind of news that all nodes hear. */
export interface NewsTopic<News> {
  readonly name: string;
  /** @throws TypeError when the value is nothing of the kind */
  readonly parse: (value: unknown) => News;
}

/**
 * News for those who are connected to another node than the one where it happens. It may be lost: nothing that has to
 * be done may hang on it.
 */
export abstract class NodeNews {
  /** Tells all other nodes, never this one, and does not wait. */
  abstract tell<News>(topic: NewsTopic<News>, news: News): void;

  /** Hears what other nodes tell, in the order in which each of them told it. */
  abstract on<News>(topic: NewsTopic<News>, react: (news: News) => void | Promise<void>): void;
}
