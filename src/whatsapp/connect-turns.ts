import { Injectable } from '@nestjs/common';
import { FairTurns, type Turn } from '../common/async/fair-turns.js';
import { Clock, type Timer } from '../common/time/clock.js';
import { AppConfig } from '../config/app-config.js';

/**
 * Sessions that may connect at a time. Handshakes are work for the processor and rows for the database: more of them at
 * once finish no earlier, and each then takes so long that its own time limits end it.
 */
const PLACES = 20;
/** Fewer than all, so that a session of another account need not wait even for one of these to give up. */
const PLACES_PER_ACCOUNT = 15;
/** As long as `BaileysConnection` waits; whoever takes longer waits for something else, its back-off for instance. */
const LONGEST_CONNECT_MS = 20_000;
/** Before the socket is open there is nothing to work on: whoever has not got so far by now waits for a network or a proxy. */
const LONGEST_DIAL_MS = 2_000;
/** What leaves evenly arrives a little unevenly: with this much room, no second sees more than the configured number. */
const SPACING = 1.15;

/** A session and the account that it belongs to. */
export interface Connecting {
  readonly instanceId: string;
  readonly accountId: string;
}

/**
 * Begins to connect. What it returns settles when the session is open or has failed to, and must not reject. `undefined`: there was
 * nothing to do, and the turn is somebody else's.
 */
type Connect = () => Promise<void> | undefined;

/**
 * Lets sessions connect one after another, at a pace that neither WhatsApp nor the machine takes for an attack: at most
 * SESSION_OPENS_PER_SECOND begin in a second, and few are under way at a time. Accounts take turns, each has places of its own, and a
 * session that is kept waiting by a silent proxy makes way, so that no account waits for the sessions of another. For many that want
 * to connect for one reason, as at a start or when WhatsApp refuses a client version; who loses a connection alone, or is waited for
 * by a person, takes no turn.
 */
@Injectable()
export class ConnectTurns {
  private readonly turns = new FairTurns<string>({
    places: PLACES,
    placesPerKey: PLACES_PER_ACCOUNT,
    mayBegin: () => this.isInPace(),
  });
  /** Sessions that wait, with their accounts, in the order of arrival. */
  private readonly line = new Map<string, string>();
  /** Sessions that connect in a turn and whose socket is not open yet. */
  private readonly dialling = new Map<string, Timer>();
  private readonly spacingMs: number;
  private nextAtMs = 0;
  private wake: Timer | undefined;
  private stopped = false;

  constructor(
    config: AppConfig,
    private readonly clock: Clock,
  ) {
    const { sessionOpensPerSecond } = config;
    this.spacingMs = sessionOpensPerSecond > 0 ? (SPACING * 1000) / sessionOpensPerSecond : 0;
  }

  /** Runs `connect` in the turn of its account, behind those of it that wait already; never in the same turn of the event loop. */
  queue({ instanceId, accountId }: Connecting, connect: Connect): Timer {
    if (this.stopped) return { cancel: () => undefined };
    // The first of many would begin before the others are in line.
    this.wake ??= this.clock.schedule(Math.max(0, this.nextAtMs - this.clock.monotonicMs()), () =>
      this.resume(),
    );
    const leave = this.turns.queue(accountId, (turn) => this.begin(instanceId, connect, turn));
    this.line.set(instanceId, accountId);
    return {
      cancel: () => {
        this.line.delete(instanceId);
        leave();
      },
    };
  }

  /** Until the turn of a session that waits, by the pace; `undefined`: it does not wait, or nobody knows. */
  secondsUntil(instanceId: string): number | undefined {
    const accountId = this.line.get(instanceId);
    if (accountId === undefined || this.spacingMs === 0) return undefined;
    let place = 0;
    for (const [other, account] of this.line) {
      if (other === instanceId) break;
      if (account === accountId) place += 1;
    }
    const nextInMs = Math.max(0, this.nextAtMs - this.clock.monotonicMs());
    return Math.ceil((nextInMs + this.turns.ahead(accountId, place) * this.spacingMs) / 1000);
  }

  /** The socket of a session is open: from now on it does the work that the places are for. */
  reached(instanceId: string): void {
    this.dialling.get(instanceId)?.cancel();
    this.dialling.delete(instanceId);
  }

  /** Nobody gets a turn any more. */
  stop(): void {
    this.stopped = true;
    this.wake?.cancel();
    this.turns.clear();
    this.line.clear();
  }

  /** While a timer is set nobody begins before it. */
  private isInPace(): boolean {
    if (this.wake || this.stopped) return false;
    const waitMs = this.nextAtMs - this.clock.monotonicMs();
    if (waitMs > 0) this.wake = this.clock.schedule(waitMs, () => this.resume());
    return waitMs <= 0;
  }

  private resume(): void {
    this.wake = undefined;
    this.turns.advance();
  }

  private begin(instanceId: string, connect: Connect, turn: Turn): void {
    this.line.delete(instanceId);
    const settled = connect();
    if (!settled) return turn.end();
    this.nextAtMs = this.followingMs();
    void this.hold(instanceId, settled, turn);
  }

  /** A turn that comes a little late does not move the others, as long as the pace is kept between any two. */
  private followingMs(): number {
    const nowMs = this.clock.monotonicMs();
    const isInTime = nowMs - this.nextAtMs <= this.spacingMs - this.spacingMs / SPACING;
    return (isInTime ? this.nextAtMs : nowMs) + this.spacingMs;
  }

  private async hold(instanceId: string, settled: Promise<void>, turn: Turn): Promise<void> {
    const dial = this.clock.schedule(LONGEST_DIAL_MS, () => turn.stepAside());
    this.dialling.set(instanceId, dial);
    await Promise.race([settled, this.clock.sleep(LONGEST_CONNECT_MS)]);
    dial.cancel();
    if (this.dialling.get(instanceId) === dial) this.dialling.delete(instanceId);
    turn.end();
  }
}
