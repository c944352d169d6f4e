import { Injectable } from '@nestjs/common';
import { Poller } from '../common/async/poller.js';
import { Log } from '../common/logging/log.js';
import { Clock } from '../common/time/clock.js';
import { DeliveriesRepository } from './deliveries.repository.js';

const EVERY_MS = 60 * 60 * 1000;
const KEEP_DAYS = { delivered: 7, dead: 30 };
/** Few enough that a statement is short. */
const BATCH = 5000;

/** Forgets old deliveries: delivered ones after 7 days, dead ones, which may be replayed, after 30. */
@Injectable()
export class DeliveryRetention {
  private readonly poller: Poller;

  constructor(
    private readonly deliveries: DeliveriesRepository,
    clock: Clock,
    log: Log,
  ) {
    this.poller = new Poller(clock, log, {
      everyMs: EVERY_MS,
      round: () => this.forgetSome(),
      failure: 'Old webhook deliveries could not be deleted',
    });
  }

  start(): void {
    this.poller.start();
  }

  stop(): Promise<void> {
    return this.poller.stop();
  }

  private async forgetSome(): Promise<void> {
    if ((await this.deliveries.deleteOld(KEEP_DAYS, BATCH)) === BATCH) this.poller.wake();
  }
}
