import { Injectable } from '@nestjs/common';
import { Log } from '../common/logging/log.js';
import { Clock, type Timer } from '../common/time/clock.js';
import { AppConfig } from '../config/app-config.js';
import { ClaimRound } from './claim-round.js';
import { NodeLease } from './node-lease.js';

const CLAIM_EVERY_MS = 1000;
/** A round without a pace of its own. */
const MOST_IN_ONE_ROUND = 1000;

/** Looks once a second, and when told, for instances that nobody holds. */
@Injectable()
export class SessionClaims {
  private next: Timer | undefined;
  private running: Promise<void> = Promise.resolve();
  private isRunning = false;
  private again = false;
  private failing = false;
  private stopped = true;

  constructor(
    private readonly clock: Clock,
    private readonly config: AppConfig,
    private readonly lease: NodeLease,
    private readonly round: ClaimRound,
    private readonly log: Log,
  ) {}

  /** Resolves when the first round is through. */
  async start(): Promise<void> {
    this.stopped = false;
    await this.run();
  }

  /** Looks at once: somebody has just let go of instances. */
  wake(): void {
    if (this.isRunning) this.again = true;
    else if (!this.stopped) {
      this.next?.cancel();
      void this.run();
    }
  }

  /** May be called twice. Resolves when the round that is under way has ended. */
  async stop(): Promise<void> {
    this.stopped = true;
    this.next?.cancel();
    await this.running;
  }

  private run(): Promise<void> {
    this.isRunning = true;
    this.running = this.claim().finally(() => {
      this.isRunning = false;
      if (this.stopped) return;
      this.next = this.clock.schedule(this.again ? 0 : CLAIM_EVERY_MS, () => void this.run());
      this.again = false;
    });
    return this.running;
  }

  private async claim(): Promise<void> {
    if (!this.lease.isRegistered || !this.lease.maySend) return;
    try {
      await this.round.run(this.config.sessionOpensPerSecond || MOST_IN_ONE_ROUND);
      this.failing = false;
    } catch (err) {
      if (!this.failing) this.log.warn('Instances that nobody holds could not be claimed', { err });
      this.failing = true;
    }
  }
}
