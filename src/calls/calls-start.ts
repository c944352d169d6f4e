import { Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import { Clock } from '../common/time/clock.js';
import { CallRecovery } from './call-recovery.js';
import { CallSweep } from './call-sweep.js';
import { IdempotentRequests } from './idempotent-requests.js';

/** Puts the calls and requests of an earlier process in order before the first request is taken. */
@Injectable()
export class CallsStart implements OnApplicationBootstrap {
  constructor(
    private readonly clock: Clock,
    private readonly requests: IdempotentRequests,
    private readonly recovery: CallRecovery,
    private readonly sweep: CallSweep,
  ) {}

  async onApplicationBootstrap(): Promise<void> {
    await this.requests.takeOver();
    await this.recovery.takeOver(this.clock.now());
    this.sweep.start();
  }
}
