import { Injectable, type BeforeApplicationShutdown } from '@nestjs/common';
import { Clock } from '../common/time/clock.js';
import { CallPlacement } from './call-placement.js';
import { CallSignalsListener } from './call-signals.listener.js';
import { CallSweep } from './call-sweep.js';
import { HANG_UP_ALL_MS } from './call-times.js';

/**
 * A process that stops leaves no phone ringing: nobody would hang up until the next start. Runs before the sessions
 * are closed.
 */
@Injectable()
export class CallsStop implements BeforeApplicationShutdown {
  constructor(
    private readonly placement: CallPlacement,
    private readonly sweep: CallSweep,
    private readonly listener: CallSignalsListener,
    private readonly clock: Clock,
  ) {}

  async beforeApplicationShutdown(): Promise<void> {
    this.placement.close();
    await this.sweep.stop();
    await Promise.race([this.sweep.cancelAll('Ringdrop was stopped'), this.clock.sleep(HANG_UP_ALL_MS)]);
    await this.listener.stop();
  }
}
