import { Clock, type Timer } from '../../src/common/time/clock.js';

interface PendingTimer {
  readonly dueMs: number;
  readonly work: () => void;
}

/** Time that stands still until a test moves it. */
export class ManualClock extends Clock {
  private elapsedMs = 0;
  private wallShiftMs = 0;
  private pending: PendingTimer[] = [];

  constructor(private readonly start = new Date('2026-01-01T00:00:00.000Z')) {
    super();
  }

  now(): Date {
    return new Date(this.start.getTime() + this.wallShiftMs + this.elapsedMs);
  }

  /** Sets the wall clock forward or back; no time passes. */
  jump(ms: number): void {
    this.wallShiftMs += ms;
  }

  /** Begins anywhere, as a real one does. */
  monotonicMs(): number {
    return 1_000_000 + this.elapsedMs;
  }

  schedule(delayMs: number, work: () => void): Timer {
    const timer = { dueMs: this.elapsedMs + Math.max(0, delayMs), work };
    this.pending.push(timer);
    return { cancel: () => void (this.pending = this.pending.filter((other) => other !== timer)) };
  }

  /** Timers that have not fired and were not cancelled. */
  get pendingTimers(): number {
    return this.pending.length;
  }

  /** From now until the next timer fires; `Infinity`: there is none. */
  get nextDueInMs(): number {
    return Math.min(...this.pending.map(({ dueMs }) => dueMs)) - this.elapsedMs;
  }

  /** Lets `ms` milliseconds pass: timers fire in order, and what they start gets its turn in between. */
  async advance(ms: number): Promise<void> {
    const targetMs = this.elapsedMs + ms;
    await settle();
    for (let next = this.nextDue(targetMs); next; next = this.nextDue(targetMs)) {
      this.pending.splice(this.pending.indexOf(next), 1);
      this.elapsedMs = Math.max(this.elapsedMs, next.dueMs);
      next.work();
      await settle();
    }
    this.elapsedMs = targetMs;
  }

  private nextDue(targetMs: number): PendingTimer | undefined {
    return this.pending
      .filter(({ dueMs }) => dueMs <= targetMs)
      .reduce<PendingTimer | undefined>(
        (first, one) => (first && first.dueMs <= one.dueMs ? first : one),
        undefined,
      );
  }
}

/** Everything that is ready to run has run when this resolves, except real input and output. */
function settle(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
