/** A timer that can be given up; cancelling twice, or after it fired, does nothing. */
export interface Timer {
  cancel(): void;
}

/** The only source of time. Tests replace it; nothing else reads the clock or sets timers for product behaviour. */
export abstract class Clock {
  /** Wall-clock time, for what is stored or shown. */
  abstract now(): Date;
  /** Monotonic milliseconds, for measuring spans; unaffected by changes of the wall clock. */
  abstract monotonicMs(): number;
  /** Runs `work` once after `delayMs`; the timer does not keep the process alive. */
  abstract schedule(delayMs: number, work: () => void): Timer;

  /** Resolves after `delayMs`. */
  sleep(delayMs: number): Promise<void> {
    return new Promise((resolve) => {
      this.schedule(delayMs, resolve);
    });
  }
}
