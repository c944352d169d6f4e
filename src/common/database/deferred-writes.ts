import { KeyedQueue } from '../async/keyed-queue.js';
import { retried } from '../async/retried.js';
import type { Log } from '../logging/log.js';
import type { Clock } from '../time/clock.js';
import { DatabaseUnavailable } from './database-unavailable.js';

const RETRY_MS = 250;

/**
 * Writes that report what has happened already, so that they must not be lost while the database is away: they are tried
 * again until it takes them, those of one key in their order. They live in memory only.
 */
export class DeferredWrites {
  private readonly queue = new KeyedQueue();
  /** Keys whose first write in line waits for the database. */
  private readonly held = new Set<string>();
  /** Those who have not heard of their write yet. */
  private readonly callers = new Map<string, Set<(cause: Error) => void>>();
  private stopped = false;

  constructor(
    private readonly clock: Clock,
    private readonly log: Log,
  ) {}

  /**
   * Settles with the first try, or as soon as it is known that the database is away. After `DatabaseUnavailable` the write has
   * not been given up: it goes on by itself, unless `stop` was called. `write` must do no harm when it runs again after it failed half-way.
   * @throws DatabaseUnavailable, and what `write` throws
   */
  run<T>(key: string, write: () => Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      if (this.held.has(key)) reject(new DatabaseUnavailable());
      const callers = this.callers.get(key) ?? new Set();
      this.callers.set(key, callers.add(reject));
      void this.queue.run(key, async () => {
        const goesOn = (error: unknown) => {
          reject(error instanceof Error ? error : new Error(String(error)));
          return error instanceof DatabaseUnavailable && this.hold(key);
        };
        try {
          resolve(await retried(this.clock, write, { pauseMs: RETRY_MS, goesOn }));
        } catch (err) {
          if (this.held.has(key) && !(err instanceof DatabaseUnavailable))
            this.log.error('A write that had waited for the database failed', { key, err });
        }
        this.held.delete(key);
        callers.delete(reject);
        if (callers.size === 0) this.callers.delete(key);
      });
    });
  }

  /** Resolves when nothing waits any more. */
  idle(): Promise<void> {
    return this.queue.idle();
  }

  /** Gives up what waits for the database. */
  async stop(): Promise<void> {
    this.stopped = true;
    await this.idle();
  }

  /** Tells those who wait for a write of this key that it takes longer. False: nothing waits for the database any more. */
  private hold(key: string): boolean {
    this.held.add(key);
    for (const reject of this.callers.get(key) ?? []) reject(new DatabaseUnavailable());
    return !this.stopped;
  }
}
