import { Injectable } from '@nestjs/common';
import { Log } from '../common/logging/log.js';
import { Clock, type Timer } from '../common/time/clock.js';
import { DeliveriesRepository } from './deliveries.repository.js';

const EVERY_MS = 60 * 60 * 1000;
const KEEP_DAYS = { delivered: 7, dead: 30 };
/** Few enough that a statement is short. */
const BATCH = 5000;

/** Forgets old deliveries: delivered ones after 7 days, dead ones, which may be replayed, after 30. */
@Injectable()
export class DeliveryRetention {
  private timer: Timer | undefined;
  private running: Promise<void> = Promise.resolve();
  private stopped = true;

  constructor(
    private readonly deliveries: DeliveriesRepository,
    private readonly clock: Clock,
    private readonly log: Log,
  ) {}

  start(): void {
    this.stopped = false;
    this.running = this.sweep();
  }

  async stop(): Promise<void> {
    this.stopped = true;
    this.timer?.cancel();
    await this.running;
  }

  private async sweep(): Promise<void> {
    try {
      while (!this.stopped && (await this.deliveries.deleteOld(KEEP_DAYS, BATCH)) === BATCH);
    } catch (err) {
      this.log.error('Old webhook deliveries could not be deleted', { err });
    }
    if (this.stopped) return;
    this.timer = this.clock.schedule(EVERY_MS, () => void (this.running = this.sweep()));
  }
}
