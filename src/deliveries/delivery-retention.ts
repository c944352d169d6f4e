import { Injectable } from '@nestjs/common';
import { ApplicationPoller } from '../common/async/poller.js';
import { Log } from '../common/logging/log.js';
import { Clock } from '../common/time/clock.js';
import { DeliveriesRepository } from './deliveries.repository.js';

const EVERY_MS = 60 * 60 * 1000;
const KEEP_DAYS = { delivered: 7, dead: 30 };
/** Few enough that a statement is short. */
const BATCH = 5000;

/** Time is up for a receiver that has not taken what is pending for it. */
const PENDING_DAYS = 30;

/**
 * Forgets old deliveries: delivered ones after 7 days, dead ones, which may be replayed, after 30. What is pending for 30 days is
 * given up.
 */
@Injectable()
export class DeliveryRetention extends ApplicationPoller {
  constructor(
    private readonly deliveries: DeliveriesRepository,
    clock: Clock,
    private readonly log: Log,
  ) {
    super(clock, log, {
      everyMs: EVERY_MS,
      failure: 'Old webhook deliveries could not be given up or deleted',
    });
  }

  protected override async round(): Promise<void> {
    if ((await this.deliveries.deleteOld(KEEP_DAYS, BATCH)) === BATCH) this.poller.wake();
    const dropped = await this.deliveries.dropPending(PENDING_DAYS, BATCH);
    if (!dropped || dropped.deliveries === 0) return;
    this.log.warn('Pending deliveries of a webhook were given up', { ...dropped, days: PENDING_DAYS });
    this.poller.wake();
  }
}
