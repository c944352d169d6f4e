import type { BeforeApplicationShutdown, OnApplicationBootstrap } from '@nestjs/common';
import { DatabaseUnavailable } from '../database/database-unavailable.js';
import type { Log } from '../logging/log.js';
import type { Clock, Timer } from '../time/clock.js';

/** A poller that fails waits longer each time, up to this, or its own interval where that is longer. */
const LONGEST_BACK_OFF_MS = 5000;
/** While the database is away, the back-off of a poller with a longer interval begins at this, so that it is back soon after the database is. */
const SLOWEST_AWAY_MS = 1000;

/** What a poller does, and how often. */
export interface PollerOptions {
  /** From the end of a round to the next one, milliseconds; `wakeIn` may ask for less. */
  readonly everyMs: number;
  /** Looks for work and does it. May wake the poller when it has left work behind. */
  readonly round: () => Promise<void>;
  /** Logged with the first of a series of rounds that fail. */
  readonly failure: string;
}

/** Looks for work again and again, and at once when it is woken; never two rounds at a time. */
export class Poller {
  private isRunning = false;
  private lastRun: Promise<void> = Promise.resolve();
  private wanted = false;
  private stopped = true;
  private failures = 0;
  private databaseIsAway = false;
  /** When the next round is planned, on the monotonic clock. */
  private dueAtMs = Infinity;
  private timer: Timer | undefined;

  constructor(
    private readonly clock: Clock,
    private readonly log: Log,
    private readonly options: PollerOptions,
  ) {}

  /** True before `start`, and as soon as `stop` was called. */
  get isStopped(): boolean {
    return this.stopped;
  }

  /** The first round begins at once. */
  start(): void {
    this.stopped = false;
    this.wake();
  }

  /** Looks now: what came while a round was running gets a round of its own. */
  wake(): void {
    if (this.stopped) return;
    this.wanted = true;
    if (this.isRunning) return;
    this.isRunning = true;
    this.lastRun = this.run();
  }

  /** Looks in this many milliseconds at the latest; the earliest wish counts. */
  wakeIn(delayMs: number): void {
    const dueAtMs = this.clock.monotonicMs() + Math.max(0, delayMs);
    if (this.stopped || dueAtMs >= this.dueAtMs) return;
    this.dueAtMs = dueAtMs;
    if (!this.isRunning) this.plan();
  }

  /** Resolves when no round is running. Never rejects. */
  idle(): Promise<void> {
    return this.lastRun;
  }

  /** Resolves when the round that is running has ended. May be called twice. */
  async stop(): Promise<void> {
    this.stopped = true;
    this.timer?.cancel();
    await this.lastRun;
  }

  private async run(): Promise<void> {
    this.timer?.cancel();
    let isFine = true;
    while (isFine && this.wanted && !this.stopped) {
      this.wanted = false;
      this.dueAtMs = Infinity;
      isFine = await this.tryRound();
    }
    // Before anything else gets its turn: a wake in between would be lost.
    this.isRunning = false;
    if (this.stopped) return;
    this.dueAtMs = Math.min(this.dueAtMs, this.clock.monotonicMs() + this.pauseMs());
    this.plan();
  }

  private plan(): void {
    this.timer?.cancel();
    this.timer = this.clock.schedule(Math.max(0, this.dueAtMs - this.clock.monotonicMs()), () => this.wake());
  }

  private async tryRound(): Promise<boolean> {
    try {
      await this.options.round();
      this.failures = 0;
      return true;
    } catch (err) {
      if (this.failures === 0) this.log.error(this.options.failure, { err });
      this.failures += 1;
      this.databaseIsAway = err instanceof DatabaseUnavailable;
      return false;
    }
  }

  private pauseMs(): number {
    const { everyMs } = this.options;
    if (this.failures === 0) return everyMs;
    const firstMs = this.databaseIsAway ? Math.min(everyMs, SLOWEST_AWAY_MS) : everyMs;
    return Math.max(firstMs, Math.min(firstMs * 2 ** this.failures, LONGEST_BACK_OFF_MS));
  }
}

/** A poller that runs from the start of the application to its end. */
export abstract class ApplicationPoller implements OnApplicationBootstrap, BeforeApplicationShutdown {
  protected readonly poller: Poller;

  protected constructor(clock: Clock, log: Log, options: Omit<PollerOptions, 'round'>) {
    this.poller = new Poller(clock, log, { ...options, round: () => this.round() });
  }

  onApplicationBootstrap(): void | Promise<void> {
    this.poller.start();
  }

  beforeApplicationShutdown(): Promise<void> {
    return this.poller.stop();
  }

  /** See `PollerOptions.round`. */
  protected abstract round(): Promise<void>;
}
