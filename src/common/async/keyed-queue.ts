/** Runs work of the same key one after another, in the order of arrival; different keys do not wait for each other. */
export class KeyedQueue {
  private readonly tails = new Map<string, Promise<void>>();

  /** Resolves or rejects as the work does; a failure does not hold up the work behind it. */
  run<T>(key: string, work: () => T | Promise<T>): Promise<T> {
    const turn = (this.tails.get(key) ?? Promise.resolve()).then(work);
    const tail = turn
      .then(noop, noop)
      // The last in line removes the line, so that idle keys cost nothing.
      .then(() => {
        if (this.tails.get(key) === tail) this.tails.delete(key);
      });
    this.tails.set(key, tail);
    return turn;
  }

  /** Resolves when nothing is queued or running, work that arrives meanwhile included. */
  async idle(): Promise<void> {
    while (this.tails.size > 0) await Promise.all(this.tails.values());
  }

  /** Number of keys with work queued or running. */
  get size(): number {
    return this.tails.size;
  }
}

function noop(): void {}
