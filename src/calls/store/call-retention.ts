import { Injectable } from '@nestjs/common';
import { ApplicationPoller } from '../../common/async/poller.js';
import { Log } from '../../common/logging/log.js';
import { Clock } from '../../common/time/clock.js';
import { AppConfig } from '../../config/app-config.js';
import { CallsRepository } from './calls.repository.js';
import { IncomingCallsRepository } from '../incoming/incoming-calls.repository.js';

const EVERY_MS = 60_000;
/** Few enough that nobody waits for the locks. */
const BATCH = 500;

/** Forgets calls that ended long ago, in both directions; calls that go on stay, whatever their age. */
@Injectable()
export class CallRetention extends ApplicationPoller {
  constructor(
    private readonly calls: CallsRepository,
    private readonly incoming: IncomingCallsRepository,
    private readonly config: AppConfig,
    clock: Clock,
    log: Log,
  ) {
    super(clock, log, {
      everyMs: EVERY_MS,
      failure: 'Old calls could not be deleted',
    });
  }

  protected override async round(): Promise<void> {
    await this.incoming.endForgotten();
    const { callRetentionDays: days } = this.config;
    if (days === 0) return;
    const deleted = [await this.calls.deleteOld(days, BATCH), await this.incoming.deleteOld(days, BATCH)];
    if (deleted.includes(BATCH)) this.poller.wake();
  }
}
