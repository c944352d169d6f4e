import type { ConnectionRecord } from '../../test/simulator/index.js';
import type { NodeLife, Span } from './node-life.js';
import type { OwnerChange } from './owner-history.js';

/** A logged-in connection of an instance, by the process that opened it. */
export interface Session {
  readonly instance: string;
  readonly life: NodeLife;
  readonly loggedInAt: number;
  readonly closedAt: number;
  readonly replacedAt: number | undefined;
  /** When stanzas of the client arrived. */
  readonly stanzas: readonly {
    readonly at: number;
    readonly notBefore: number;
    readonly tag: string;
  }[];
}

/** What the servers saw of the cluster, put together. Times are epoch milliseconds. */
export class SessionRecord {
  /** By their logins. */
  readonly sessions: readonly Session[];
  private readonly owners = new Map<string, OwnerChange[]>();
  private readonly livesByTag: ReadonlyMap<string, NodeLife>;

  constructor(
    connections: readonly ConnectionRecord[],
    stanzas: ReadonlyMap<number, Session['stanzas']>,
    instanceOf: ReadonlyMap<string, string>,
    lives: readonly NodeLife[],
    changes: readonly OwnerChange[],
  ) {
    this.livesByTag = new Map(lives.map((life) => [life.tag, life]));
    this.sessions = connections
      .flatMap(({ id, query, account, loggedInAt, replacedAt, closedAt = Infinity }): Session[] => {
        const instance = instanceOf.get(account ?? '');
        const life = this.livesByTag.get(query.split('&')[0] ?? '');
        if (instance === undefined || loggedInAt === undefined || !life) return [];
        return [{ instance, life, loggedInAt, closedAt, replacedAt, stanzas: stanzas.get(id) ?? [] }];
      })
      .sort((a, b) => a.loggedInAt - b.loggedInAt);
    for (const change of changes) {
      const known = this.owners.get(change.instance);
      if (known) known.push(change);
      else this.owners.set(change.instance, [change]);
    }
  }

  get instances(): string[] {
    return [...this.owners.keys()];
  }

  sessionsOf(instance: string): Session[] {
    return this.sessions.filter((session) => session.instance === instance);
  }

  /** The process that held the instance at that time, and since when; without a tag, nobody did. */
  ownerAt(instance: string, at: number): OwnerChange | undefined {
    return this.owners.get(instance)?.findLast((change) => change.at <= at);
  }

  /** Every process that held the instance for some of the time. */
  ownersDuring(instance: string, { from, to = Infinity }: Span): NodeLife[] {
    const first = this.ownerAt(instance, from);
    const later = (this.owners.get(instance) ?? []).filter(({ at }) => at > from && at <= to);
    const tags = [...(first ? [first] : []), ...later].map(({ tag }) => tag ?? '');
    return [...new Set(tags)].flatMap((tag) => this.livesByTag.get(tag) ?? []);
  }
}
