import type { Clock, Timer } from '../time/clock.js';

const MINUTE_MS = 60_000;
/** Labels that are counted apart for each kind; the others count as `other`. */
const MAX_LABELS = 20;
const OTHER = 'other';

export interface LineBudgetOptions<T> {
  /** Lines of each kind in a minute, ≥ 1. The report of a kind counts as one of the minute that follows. */
  readonly linesAMinute: number;
  /** Kinds with a budget of their own, ≥ 1; further ones share one. */
  readonly maxKinds: number;
  /** Writes what was counted instead of logged in the last minute; called only when there is something. */
  readonly report: (held: readonly HeldBack<T>[]) => void;
}

/** Lines of one kind that were counted instead of written. */
export interface HeldBack<T> {
  /** What the last of them would have been about; `undefined`: lines of several kinds that share a budget. */
  readonly last: T | undefined;
  /** How many there were. */
  readonly count: number;
  readonly countByLabel: Readonly<Record<string, number>>;
}

interface Kind<T> {
  written: number;
  last: T | undefined;
  readonly counts: Map<string, number>;
}

/**
 * Keeps what happens very often from filling the log: the first lines of a kind in a minute are written, the others are counted and
 * reported together at the end of the minute. A kind of which nothing more is heard for a minute begins again.
 */
export class LineBudget<T> {
  private kinds = new Map<string, Kind<T>>();
  private shared: Kind<T> = newKind(0);
  private timer: Timer | undefined;

  constructor(
    private readonly clock: Clock,
    private readonly options: LineBudgetOptions<T>,
  ) {}

  /** True: the line is to be written now. False: it was counted under `label`. */
  take(kind: string, label: string, about: T): boolean {
    this.timer ??= this.clock.schedule(MINUTE_MS, () => this.endMinute());
    const own = this.ownKind(kind);
    const { counts, written } = own ?? this.shared;
    if (written < this.options.linesAMinute) {
      (own ?? this.shared).written += 1;
      return true;
    }
    const counted = counts.has(label) || counts.size < MAX_LABELS ? label : OTHER;
    counts.set(counted, (counts.get(counted) ?? 0) + 1);
    if (own) own.last = about;
    return false;
  }

  /** Reports what has been counted, and begins again. */
  flush(): void {
    this.timer?.cancel();
    this.timer = undefined;
    this.report();
    this.kinds.clear();
    this.shared = newKind(0);
  }

  private ownKind(kind: string): Kind<T> | undefined {
    const known = this.kinds.get(kind);
    if (known || this.kinds.size >= this.options.maxKinds) return known;
    const added = newKind<T>(0);
    this.kinds.set(kind, added);
    return added;
  }

  private endMinute(): void {
    this.timer = undefined;
    this.report();
    const isBusy = ({ counts }: Kind<T>) => counts.size > 0;
    this.kinds = new Map(
      [...this.kinds].filter(([, kind]) => isBusy(kind)).map(([name]) => [name, newKind(1)]),
    );
    this.shared = newKind(isBusy(this.shared) ? 1 : 0);
    if (this.kinds.size > 0 || this.shared.written > 0)
      this.timer = this.clock.schedule(MINUTE_MS, () => this.endMinute());
  }

  private report(): void {
    const held = [...this.kinds.values(), this.shared].filter(({ counts }) => counts.size > 0);
    if (held.length > 0) this.options.report(held.map(toHeldBack));
  }
}

function newKind<T>(written: number): Kind<T> {
  return { written, last: undefined, counts: new Map() };
}

function toHeldBack<T>({ last, counts }: Kind<T>): HeldBack<T> {
  const count = [...counts.values()].reduce((sum, one) => sum + one, 0);
  return { last, count, countByLabel: Object.fromEntries(counts) };
}
