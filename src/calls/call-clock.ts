import { Injectable } from '@nestjs/common';
import { Clock } from '../common/time/clock.js';

/** Callers decide how many incoming calls there are. */
const MOST_KEPT = 100_000;
/** Longer than any call takes, from its admission to the last word about it. */
const KEPT_MS = 10 * 60_000;

/**
 * The time of a call: the wall clock as it was when this process began to time the call, carried on by the monotonic one. When
 * the wall clock is set while a call rings, its times still tell how long things took, and it rings as long as was asked for.
 * Without this a jump of an hour ends every ring, and says that it took an hour.
 */
@Injectable()
export class CallClock {
  /** Wall clock minus monotonic clock in milliseconds, by the row id of a call and by its id on the wire, oldest first. */
  private readonly offsets = new Map<string, { readonly offsetMs: number; readonly sinceMs: number }>();

  constructor(private readonly clock: Clock) {}

  /** Begins to time a call; nothing happens when it is timed already. */
  begin(rowId: string): void {
    if (this.offsets.has(rowId)) return;
    this.dropOld();
    const sinceMs = this.clock.monotonicMs();
    this.offsets.set(rowId, { offsetMs: this.clock.now().getTime() - sinceMs, sinceMs });
  }

  /** The call is known by its id on the wire, too. */
  name(rowId: string, callId: string): void {
    const known = this.offsets.get(rowId);
    if (known) this.offsets.set(callId, known);
  }

  /** The time of a call that is timed, else that of the wall clock. @param id of the row or on the wire */
  now(id: string): Date {
    const known = this.offsets.get(id);
    return known ? new Date(Math.round(this.clock.monotonicMs() + known.offsetMs)) : this.clock.now();
  }

  /** Until a time of the call, negative when it is over. */
  msUntil(time: Date, id: string): number {
    return time.getTime() - this.now(id).getTime();
  }

  private dropOld(): void {
    const nowMs = this.clock.monotonicMs();
    for (const [id, { sinceMs }] of this.offsets) {
      // A name is younger than what it names, and stands behind it.
      if (nowMs - sinceMs < KEPT_MS && this.offsets.size < MOST_KEPT) return;
      this.offsets.delete(id);
    }
  }
}
