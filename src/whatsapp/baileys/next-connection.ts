import type { Clock, Timer } from '../../common/time/clock.js';
import type { ClientVersions } from '../client-version/client-versions.js';
import type { Connecting, ConnectTurns } from '../connect-turns.js';
import type { Backoff } from '../session-store/session-store.js';
import { LONGEST_RECONNECT_MS } from './reconnect-policy.js';

/** A connection that lasted this long ends a row of failed attempts. */
const STABLE_MS = 60_000;
/** Requests that wait for a session wait no longer. */
const LONGEST_WAIT_MS = 60_000;

export interface ConnectionTools {
  readonly clock: Clock;
  readonly turns: ConnectTurns;
  readonly versions: ClientVersions;
}

/** When a session connects: now, after a delay, or in its turn among many that have the same reason to. */
export class NextConnection {
  /** Failed attempts in a row. */
  private failures = 0;
  private planned: Timer | undefined;
  private openedAtMs: number | undefined;
  private endTurn: () => void = () => undefined;
  /** Until then somebody waits for the session, who does not wait for others as well. */
  private awaitedUntilMs = -Infinity;

  constructor(
    private readonly tools: ConnectionTools,
    private readonly session: () => Connecting,
    private readonly connect: () => void,
  ) {}

  get isPlanned(): boolean {
    return this.planned !== undefined;
  }

  get attempt(): number {
    return this.failures;
  }

  /**
   * Goes on where an earlier process was.
   * @param now connects without waiting for the back-off, because somebody asked for it
   * @returns false when it waits for the back-off
   */
  begin({ attempt, notBefore }: Backoff, now: boolean): boolean {
    this.failures = attempt;
    this.awaitedUntilMs = now ? this.tools.clock.monotonicMs() + LONGEST_WAIT_MS : -Infinity;
    const leftMs = (notBefore?.getTime() ?? 0) - this.tools.clock.now().getTime();
    // What is further away was stored before the clock was set back.
    const waitMs = now ? 0 : Math.min(leftMs, LONGEST_RECONNECT_MS);
    // Many may be due at once, whose process was away.
    if (waitMs > 0) this.planned = this.tools.clock.schedule(waitMs, () => this.takeTurn());
    else this.connect();
    return waitMs <= 0;
  }

  /** Connects after a delay that nothing failed for. */
  after(delayMs: number): void {
    this.planned = this.tools.clock.schedule(delayMs, () => {
      this.planned = undefined;
      this.connect();
    });
  }

  /** Connects after a failed attempt. Returns when. */
  afterFailure(delayMs: number): Date {
    this.failures += 1;
    this.planned = this.tools.clock.schedule(delayMs, () => {
      // Whoever else is refused comes back at the same time.
      if (this.tools.versions.isRefused) return this.takeTurn();
      this.planned = undefined;
      this.connect();
    });
    return this.inMs(delayMs);
  }

  /**
   * Connects again after WhatsApp refused the client version: as soon as a newer one is known, else after the delay.
   * Returns when, as far as is known.
   */
  afterRefusal(revision: number, delayMs: number): Date {
    const { versions } = this.tools;
    if (versions.current.revision > revision) {
      this.takeTurn();
      return this.inMs(0);
    }
    this.failures += 1;
    const giveUp = (): void => {
      ladder.cancel();
      watch.cancel();
    };
    const goOn = (): void => {
      giveUp();
      this.takeTurn();
    };
    const ladder = this.tools.clock.schedule(delayMs, goOn);
    const watch = versions.onceHigher(revision, goOn);
    this.planned = { cancel: giveUp };
    return this.inMs(delayMs);
  }

  /** The session is open. */
  opened(): void {
    this.awaitedUntilMs = -Infinity;
    this.openedAtMs = this.tools.clock.monotonicMs();
    this.endTurn();
  }

  /** The connection is over, or could not be made. */
  closed(): void {
    const openForMs = this.tools.clock.monotonicMs() - (this.openedAtMs ?? Infinity);
    if (openForMs >= STABLE_MS) this.failures = 0;
    this.openedAtMs = undefined;
    this.endTurn();
  }

  /** Nothing is planned any more. */
  cancel(): void {
    this.planned?.cancel();
    this.planned = undefined;
    this.openedAtMs = undefined;
    this.endTurn();
  }

  private takeTurn(): void {
    if (this.tools.clock.monotonicMs() < this.awaitedUntilMs) return this.after(0);
    this.planned = this.tools.turns.queue(this.session(), () => {
      this.planned = undefined;
      const settled = new Promise<void>((resolve) => {
        this.endTurn = resolve;
      });
      this.connect();
      return settled;
    });
  }

  private inMs(delayMs: number): Date {
    return new Date(this.tools.clock.now().getTime() + delayMs);
  }
}
