/** How many may be at work, and how many may wait to. Of what is not given there are any number. */
export interface TurnLimits {
  /** Turns at a time, of all keys together. */
  readonly places?: number;
  /** Turns of one key at a time. */
  readonly placesPerKey?: number;
  /** Of one key, besides those that have their turn. */
  readonly waitingPerKey?: number;
  /** Asked before each turn; while it says no nobody begins, and `advance` is to be called when it would say yes. */
  readonly mayBegin?: () => boolean;
}

/** A place that somebody has. */
export interface Turn {
  /** Gives back what counts for all keys, because from now on only the key itself is made to wait. May be called twice. */
  stepAside(): void;
  /** Gives the place back. May be called twice. */
  end(): void;
}

/** As many wait as may. */
export class QueueFull extends Error {
  constructor() {
    super('Too many are waiting for their turn');
  }
}

type Begin = (turn: Turn) => void;

interface Group {
  held: number;
  /** In the order of arrival. */
  readonly waiting: Set<{ readonly begin: Begin }>;
}

/**
 * Places that are shared fairly: the keys (accounts, mostly) get their turns one after another, however many of one key
 * wait, and within a key whoever came first is first. A key that holds all its places makes nobody wait but itself. What each
 * step costs does not depend on how many wait, and a key without turns costs nothing.
 *
 * ```ts
 * const turn = await turns.take(accountId, signal);
 * try { … } finally { turn.end(); }
 * ```
 */
export class FairTurns<Key> {
  private readonly groups = new Map<Key, Group>();
  /** Keys that have somebody waiting and a place left, in the order in which they are served. */
  private readonly ready = new Set<Key>();
  private held = 0;
  private isAdvancing = false;

  constructor(private readonly limits: TurnLimits) {}

  /** Number of keys that hold or wait. */
  get size(): number {
    return this.groups.size;
  }

  /** Of one key. */
  waitingOf(key: Key): number {
    return this.groups.get(key)?.waiting.size ?? 0;
  }

  /** How many begin before whoever of a key is at this place among those of it that wait, from 0, as things are. */
  ahead(key: Key, place: number): number {
    let count = place;
    for (const [other, { waiting }] of this.groups)
      if (other !== key) count += Math.min(waiting.size, place + 1);
    return count;
  }

  /**
   * Waits for a turn, which the caller must end. An abort ends the wait, and nothing else.
   * @throws QueueFull, the reason of the abort
   */
  async take(key: Key, signal?: AbortSignal): Promise<Turn> {
    signal?.throwIfAborted();
    return new Promise((resolve, reject) => {
      let waits = true;
      const leave = this.queue(key, (turn) => {
        waits = false;
        signal?.removeEventListener('abort', stopWaiting);
        resolve(turn);
      });
      function stopWaiting(): void {
        leave();
        reject(signal?.reason as Error);
      }
      if (waits) signal?.addEventListener('abort', stopWaiting, { once: true });
    });
  }

  /**
   * Calls `begin`, which must not throw, in its turn, perhaps before this returns. Returns what ends the wait; it does nothing once the turn has begun.
   * @throws QueueFull
   */
  queue(key: Key, begin: Begin): () => void {
    const group = this.groups.get(key) ?? { held: 0, waiting: new Set() };
    const entry = { begin };
    group.waiting.add(entry);
    this.groups.set(key, group);
    this.settle(key, group);
    this.advance();
    if (group.waiting.size > (this.limits.waitingPerKey ?? Infinity)) {
      this.leave(key, group, entry);
      throw new QueueFull();
    }
    return () => this.leave(key, group, entry);
  }

  /** Nobody who waits now gets a turn any more. */
  clear(): void {
    for (const [key, group] of this.groups) {
      group.waiting.clear();
      this.settle(key, group);
    }
  }

  /** Begins what may begin. Needed only after `mayBegin` said no. */
  advance(): void {
    // A turn that ends, or queues, while it begins is seen by the round that is under way.
    if (this.isAdvancing) return;
    this.isAdvancing = true;
    try {
      for (let key = this.nextKey(); key !== undefined; key = this.nextKey()) this.begin(key.value);
    } finally {
      this.isAdvancing = false;
    }
  }

  private nextKey(): { readonly value: Key } | undefined {
    const { places = Infinity, mayBegin } = this.limits;
    if (this.ready.size === 0 || this.held >= places || mayBegin?.() === false) return undefined;
    for (const value of this.ready) return { value };
    return undefined;
  }

  private begin(key: Key): void {
    const group = this.groups.get(key);
    // Behind the others, whether or not it comes again.
    this.ready.delete(key);
    if (!group) return;
    for (const entry of group.waiting) {
      group.waiting.delete(entry);
      const turn = this.turnOf(key, group);
      this.settle(key, group);
      entry.begin(turn);
      return;
    }
  }

  private turnOf(key: Key, group: Group): Turn {
    let isCounted = true;
    let isHeld = true;
    this.held += 1;
    group.held += 1;
    const stepAside = (): void => {
      if (!isCounted) return;
      isCounted = false;
      this.held -= 1;
      this.advance();
    };
    const end = (): void => {
      if (!isHeld) return;
      isHeld = false;
      group.held -= 1;
      this.settle(key, group);
      if (isCounted) stepAside();
      else this.advance();
    };
    return { stepAside, end };
  }

  private leave(key: Key, group: Group, entry: { readonly begin: Begin }): void {
    if (group.waiting.delete(entry)) this.settle(key, group);
  }

  /** Brings what is known of a key in line with what it has. */
  private settle(key: Key, group: Group): void {
    const hasPlace = group.held < (this.limits.placesPerKey ?? Infinity);
    if (group.waiting.size > 0 && hasPlace) this.ready.add(key);
    else this.ready.delete(key);
    if (group.waiting.size === 0 && group.held === 0) this.groups.delete(key);
  }
}
