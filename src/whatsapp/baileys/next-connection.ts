import type { Clock, Timer } from '../../common/time/clock.js';
import type { ClientVersions } from '../client-version/client-versions.js';
import type { Connecting, ConnectTurns } from '../connect-turns.js';
import type { Backoff } from '../session-store/session-store.js';
import { LONGEST_RECONNECT_MS } from './reconnect-policy.js';

/** A connection that lasted this long ends a row of failed attempts. */
const STABLE_MS = 60_000;
/** Requests that wait for a session wait no longer. */
const LONGEST_WAIT_MS = 60_000;
/** From the moment in which a session connects until it is open, mostly. */
const OPENING_SECONDS = 1;
/** After a connection that was open, until the next one is: the shortest back-off and the opening. */
const REOPENING_SECONDS = 2;
/** What takes longer to connect waits for something of which nobody knows how long it takes. */
const USUAL_CONNECT_MS = 3_000;

export interface ConnectionTools {
  readonly clock: Clock;
  readonly turns: ConnectTurns;
  readonly versions: ClientVersions;
}

/** In place of the stored back-off, because somebody asked for the session. */
export interface OpenTime {
  readonly now?: boolean;
  readonly notBefore?: Backoff['notBefore'];
}

/** When a session connects: now, after a delay, or in its turn among many that have the same reason to. */
export class NextConnection {
  /** Failed attempts in a row. */
  private failures = 0;
  private planned: Timer | undefined;
  /** When the planned connection is to be made; `undefined`: nobody knows. Monotonic, as the others. */
  private dueAtMs: number | undefined;
  private begunAtMs: number | undefined;
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

  /** Until the session is open, as far as is known; `undefined`: nothing is. */
  get secondsUntilOpen(): number | undefined {
    const nowMs = this.tools.clock.monotonicMs();
    if (this.dueAtMs !== undefined) return Math.ceil((this.dueAtMs - nowMs) / 1000) + OPENING_SECONDS;
    if (this.planned) return this.secondsUntilTurn();
    // Lost this very moment.
    if (this.openedAtMs !== undefined) return REOPENING_SECONDS;
    const isUsual = this.begunAtMs !== undefined && nowMs - this.begunAtMs < USUAL_CONNECT_MS;
    return isUsual ? REOPENING_SECONDS : undefined;
  }

  /**
   * Goes on where an earlier process was.
   * @returns false when it waits
   */
  begin(backoff: Backoff, { now = false, notBefore = backoff.notBefore }: OpenTime): boolean {
    this.failures = backoff.attempt;
    this.awaitedUntilMs = now ? this.tools.clock.monotonicMs() + LONGEST_WAIT_MS : -Infinity;
    const leftMs = (notBefore?.getTime() ?? 0) - this.tools.clock.now().getTime();
    // What is further away was stored before the clock was set back.
    const waitMs = now ? 0 : Math.min(leftMs, LONGEST_RECONNECT_MS);
    // Many may be due at once, whose process was away.
    if (waitMs > 0) this.plan(waitMs, () => this.takeTurn());
    else this.connectNow();
    return waitMs <= 0;
  }

  /** Connects after a delay that nothing failed for. */
  after(delayMs: number): void {
    this.plan(delayMs, () => this.connectNow());
  }

  /** Goes on with what was looked up, unless something else was begun meanwhile. */
  async whenKnown<T>(looked: Promise<T>, goOn: (found: T) => void): Promise<void> {
    const lookUp = { cancel: () => undefined };
    this.planned = lookUp;
    const found = await looked;
    if (this.planned !== lookUp) return;
    this.planned = undefined;
    goOn(found);
  }

  /** Connects after a failed attempt. Returns when. */
  afterFailure(delayMs: number): Date {
    this.failures += 1;
    // Whoever else is refused comes back at the same time.
    this.plan(delayMs, () => (this.tools.versions.isRefused ? this.takeTurn() : this.connectNow()));
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
    this.dueAtMs = this.tools.clock.monotonicMs() + delayMs;
    return this.inMs(delayMs);
  }

  /** The session is open. */
  opened(): void {
    this.awaitedUntilMs = -Infinity;
    this.openedAtMs = this.tools.clock.monotonicMs();
    this.begunAtMs = undefined;
    this.endTurn();
  }

  /** The connection is over, or could not be made. */
  closed(): void {
    const openForMs = this.tools.clock.monotonicMs() - (this.openedAtMs ?? Infinity);
    if (openForMs >= STABLE_MS) this.failures = 0;
    this.openedAtMs = undefined;
    this.begunAtMs = undefined;
    this.endTurn();
  }

  /** Nothing is planned any more. */
  cancel(): void {
    this.planned?.cancel();
    this.forgetPlan();
    this.openedAtMs = undefined;
    this.begunAtMs = undefined;
    this.endTurn();
  }

  /** The time of the wall clock after a delay. */
  inMs(delayMs: number): Date {
    return new Date(this.tools.clock.now().getTime() + delayMs);
  }

  private plan(delayMs: number, work: () => void): void {
    this.planned = this.tools.clock.schedule(delayMs, work);
    this.dueAtMs = this.tools.clock.monotonicMs() + delayMs;
  }

  private connectNow(): void {
    this.forgetPlan();
    this.begunAtMs = this.tools.clock.monotonicMs();
    this.connect();
  }

  private takeTurn(): void {
    if (this.tools.clock.monotonicMs() < this.awaitedUntilMs) return this.after(0);
    this.forgetPlan();
    this.planned = this.tools.turns.queue(this.session(), () => {
      const settled = new Promise<void>((resolve) => {
        this.endTurn = resolve;
      });
      this.connectNow();
      return settled;
    });
  }

  private forgetPlan(): void {
    this.planned = undefined;
    this.dueAtMs = undefined;
  }

  private secondsUntilTurn(): number | undefined {
    const seconds = this.tools.turns.secondsUntil(this.session().instanceId);
    return seconds === undefined ? undefined : seconds + OPENING_SECONDS;
  }
}
