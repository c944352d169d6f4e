import { DatabaseUnavailable } from '../common/database/database-unavailable.js';
import type { Log } from '../common/logging/log.js';
import type { Clock } from '../common/time/clock.js';

/** Scrapes that come sooner get the same figure again. */
const FRESH_MS = 5000;
/** Prometheus gives up a scrape after 10 seconds by default, and takes nothing of it then. */
const TIME_LIMIT_MS = 1000;

/** A figure that costs a query: asked once every 5 seconds at most, and never waited for longer than a second. */
export class StoredFigure<T> {
  private last: { readonly value: T; readonly atMs: number } | undefined;
  private asking: Promise<T | undefined> | undefined;
  private failing = false;

  constructor(
    private readonly ask: () => Promise<T>,
    private readonly clock: Clock,
    private readonly log: Log,
  ) {}

  /** `undefined`: the database does not tell. Never rejects. */
  read(): Promise<T | undefined> {
    const { last } = this;
    if (last && this.clock.monotonicMs() - last.atMs < FRESH_MS) return Promise.resolve(last.value);
    // A query that takes long is not asked a second time beside itself.
    this.asking ??= this.renew().finally(() => (this.asking = undefined));
    return this.withinLimit(this.asking);
  }

  private withinLimit(asked: Promise<T | undefined>): Promise<T | undefined> {
    return new Promise((resolve) => {
      const timer = this.clock.schedule(TIME_LIMIT_MS, () => resolve(undefined));
      void asked.then((value) => {
        timer.cancel();
        resolve(value);
      });
    });
  }

  private async renew(): Promise<T | undefined> {
    try {
      const value = await this.ask();
      this.last = { value, atMs: this.clock.monotonicMs() };
      this.failing = false;
      return value;
    } catch (err) {
      // An outage has its own lines in the log.
      if (err instanceof DatabaseUnavailable) return undefined;
      if (!this.failing) this.log.warn('A figure for the metrics could not be read', { err });
      this.failing = true;
      return undefined;
    }
  }
}
