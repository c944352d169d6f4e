import { Injectable } from '@nestjs/common';
import { Clock, type Timer } from '../common/time/clock.js';
import { AppConfig } from '../config/app-config.js';

/**
 * Sessions that may connect at a time. Handshakes are work for the processor and rows for the database: more of them at
 * once finish no earlier, and each then takes so long that its own time limits end it.
 */
const PLACES = 20;
/** The library's own limit for a connection; whoever takes longer waits for something else, its back-off for instance. */
const LONGEST_CONNECT_MS = 20_000;
/** What leaves evenly arrives a little unevenly: with this much room, no second sees more than the configured number. */
const SPACING = 1.15;

/**
 * Begins to connect. What it returns settles when the session is open or has failed to, and must not reject. `undefined`: there was
 * nothing to do, and the turn is somebody else's.
 */
type Connect = () => Promise<void> | undefined;

/**
 * Lets sessions connect one after another, at a pace that neither WhatsApp nor the machine takes for an attack: at most
 * SESSION_OPENS_PER_SECOND begin in a second, and few are under way at a time. For many that want to connect for one reason, as at a
 * start or when WhatsApp refuses a client version; who loses a connection alone, or is waited for by a person, takes no turn.
 */
@Injectable()
export class ConnectTurns {
  private readonly line = new Set<{ readonly connect: Connect }>();
  private readonly spacingMs: number;
  private free = PLACES;
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

  /** Runs `connect` behind those that are waiting already; never in the same turn of the event loop. */
  queue(connect: Connect): Timer {
    const entry = { connect };
    this.line.add(entry);
    this.plan(0);
    return { cancel: () => void this.line.delete(entry) };
  }

  /** Nobody gets a turn any more. */
  stop(): void {
    this.stopped = true;
    this.wake?.cancel();
    this.line.clear();
  }

  private plan(delayMs: number): void {
    if (this.stopped || this.wake || this.free === 0) return;
    this.wake = this.clock.schedule(Math.max(delayMs, this.nextAtMs - this.clock.monotonicMs()), () => {
      this.wake = undefined;
      this.begin();
    });
  }

  private begin(): void {
    for (const entry of this.line) {
      const waitMs = this.nextAtMs - this.clock.monotonicMs();
      if (this.free === 0 || waitMs > 0) return this.plan(waitMs);
      this.line.delete(entry);
      const settled = entry.connect();
      if (!settled) continue;
      this.nextAtMs = this.followingMs();
      void this.hold(settled);
    }
  }

  /** A turn that comes a little late does not move the others, as long as the pace is kept between any two. */
  private followingMs(): number {
    const nowMs = this.clock.monotonicMs();
    const isInTime = nowMs - this.nextAtMs <= this.spacingMs - this.spacingMs / SPACING;
    return (isInTime ? this.nextAtMs : nowMs) + this.spacingMs;
  }

  private async hold(settled: Promise<void>): Promise<void> {
    this.free -= 1;
    await Promise.race([settled, this.clock.sleep(LONGEST_CONNECT_MS)]);
    this.free += 1;
    if (this.line.size > 0) this.plan(0);
  }
}
