import { Injectable } from '@nestjs/common';
import { NodeDeparture } from '../cluster/node-departure.js';
import { Clock } from '../common/time/clock.js';
import { CallDeadlines } from './call-deadlines.js';
import { CallPlacement } from './call-placement.js';

/** A ring that ends within this time is not worth a change of hands. */
const LONGEST_WAIT_MS = 5000;
const LOOK_EVERY_MS = 50;

/** The end of a process in a cluster, as far as calls are concerned: no new ones, and those that are nearly over end here. */
@Injectable()
export class CallsDrain {
  constructor(
    private readonly placement: CallPlacement,
    private readonly deadlines: CallDeadlines,
    private readonly departure: NodeDeparture,
    private readonly clock: Clock,
  ) {}

  /** No call is placed here any more. Comes before this process calls itself not ready, so that both agree. */
  close(): void {
    this.placement.close();
  }

  /** Resolves within 5 s, at once when nobody else goes on with the calls. */
  async finish(): Promise<void> {
    if (!this.departure.handsOver) return;
    const startedMs = this.clock.monotonicMs();
    const leftMs = (): number => startedMs + LONGEST_WAIT_MS - this.clock.monotonicMs();
    while (leftMs() > 0 && this.deadlines.someEndWithin(leftMs())) await this.clock.sleep(LOOK_EVERY_MS);
  }
}
