import { Inject, Injectable, type BeforeApplicationShutdown } from '@nestjs/common';
import { NodeDeparture } from '../cluster/node-departure.js';
import { Clock } from '../common/time/clock.js';
import { CallPlacement } from './call-placement.js';
import { CallSignalsListener } from './call-signals.listener.js';
import { CallSweep } from './call-sweep.js';
import { HANG_UP_ALL_MS } from './call-times.js';

/**
 * A process that stops alone leaves no phone ringing: nobody would hang up until the next start. One that has successors
 * leaves its rings to them, with their deadlines in the database. Runs before the sessions are closed.
 */
@Injectable()
export class CallsStop implements BeforeApplicationShutdown {
  constructor(
    private readonly placement: CallPlacement,
    private readonly sweep: CallSweep,
    private readonly listener: CallSignalsListener,
    @Inject(NodeDeparture) private readonly departure: Pick<NodeDeparture, 'handsOver'>,
    private readonly clock: Clock,
  ) {}

  async beforeApplicationShutdown(): Promise<void> {
    this.placement.close();
    await this.sweep.stop();
    if (!this.departure.handsOver) {
      await Promise.race([this.sweep.cancelAll('Ringdrop was stopped'), this.clock.sleep(HANG_UP_ALL_MS)]);
    }
    await this.listener.stop();
  }
}
