import { Injectable, type BeforeApplicationShutdown, type OnApplicationBootstrap } from '@nestjs/common';
import { Poller } from '../common/async/poller.js';
import { Log } from '../common/logging/log.js';
import { Clock } from '../common/time/clock.js';
import { IdempotentRequests } from './idempotent-requests.js';

const CLEAN_EVERY_MS = 10 * 60 * 1000;

/** Deletes idempotency keys that are no longer remembered. Nobody waits for it: an expired key can be used anyway. */
@Injectable()
export class IdempotencyExpiry implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly poller: Poller;

  constructor(clock: Clock, requests: IdempotentRequests, log: Log) {
    this.poller = new Poller(clock, log, {
      everyMs: CLEAN_EVERY_MS,
      round: () => requests.deleteExpired(),
      failure: 'Expired idempotency keys could not be deleted',
    });
  }

  onApplicationBootstrap(): void {
    this.poller.start();
  }

  beforeApplicationShutdown(): Promise<void> {
    return this.poller.stop();
  }
}
