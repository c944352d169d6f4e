import { Injectable } from '@nestjs/common';
import { Poller } from '../common/async/poller.js';
import { Log } from '../common/logging/log.js';
import { Clock } from '../common/time/clock.js';
import { AppConfig } from '../config/app-config.js';
import { ClaimRound } from './claim-round.js';
import { NodeLease } from './node-lease.js';

const CLAIM_EVERY_MS = 1000;
/** A round without a pace of its own. */
const MOST_IN_ONE_ROUND = 1000;

/** Looks once a second, and when told, for instances that nobody holds. */
@Injectable()
export class SessionClaims {
  private readonly poller: Poller;

  constructor(
    clock: Clock,
    private readonly config: AppConfig,
    private readonly lease: NodeLease,
    private readonly round: ClaimRound,
    log: Log,
  ) {
    this.poller = new Poller(clock, log, {
      everyMs: CLAIM_EVERY_MS,
      round: () => this.claim(),
      failure: 'Instances that nobody holds could not be claimed',
    });
  }

  /** Resolves when the first round is through. */
  start(): Promise<void> {
    this.poller.start();
    return this.poller.idle();
  }

  /** Looks at once: somebody has just let go of instances. */
  wake(): void {
    this.poller.wake();
  }

  /** May be called twice. Resolves when the round that is under way has ended. */
  stop(): Promise<void> {
    return this.poller.stop();
  }

  private async claim(): Promise<void> {
    if (!this.lease.isRegistered || !this.lease.maySend) return;
    await this.round.run(this.config.sessionOpensPerSecond || MOST_IN_ONE_ROUND);
  }
}
