import { Injectable, type BeforeApplicationShutdown, type OnApplicationBootstrap } from '@nestjs/common';
import { Log } from '../common/logging/log.js';
import { Clock, type Timer } from '../common/time/clock.js';
import { IdempotentRequests } from './idempotent-requests.js';

const CLEAN_EVERY_MS = 10 * 60 * 1000;

/** Deletes idempotency keys that are no longer remembered. Nobody waits for it: an expired key can be used anyway. */
@Injectable()
export class IdempotencyExpiry implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private timer: Timer | undefined;
  private running: Promise<void> = Promise.resolve();
  private stopped = false;

  constructor(
    private readonly clock: Clock,
    private readonly requests: IdempotentRequests,
    private readonly log: Log,
  ) {}

  onApplicationBootstrap(): void {
    this.schedule();
  }

  async beforeApplicationShutdown(): Promise<void> {
    this.stopped = true;
    this.timer?.cancel();
    await this.running;
  }

  private schedule(): void {
    if (this.stopped) return;
    this.timer = this.clock.schedule(CLEAN_EVERY_MS, () => {
      this.running = this.clean().finally(() => this.schedule());
    });
  }

  private async clean(): Promise<void> {
    try {
      await this.requests.deleteExpired();
    } catch (err) {
      this.log.warn('Expired idempotency keys could not be deleted', { err });
    }
  }
}
