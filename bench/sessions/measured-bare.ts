import path from 'node:path';
import { PROBE, sampleProcess, type ProcessSample, type SampleKind } from '../support/probed-process.js';
import { Remote } from '../support/remote.js';
import type { BareCalls, BareHandlers } from './bare-main.js';
import type { BenchWorld } from './bench-world.js';
import { outcomeOf, type LoadResult, type PlacedCalls } from './call-outcome.js';

const BARE_MAIN = path.resolve('dist-tools/bench/sessions/bare-main.js');
/** Sessions that are opened at a time. */
const AT_ONCE = 20;
const PROGRESS_MS = 10_000;

/** A process with nothing but the library, whose sessions can be opened and can call. */
export class MeasuredBare {
  private constructor(
    private readonly world: BenchWorld,
    private readonly remote: Remote<BareHandlers>,
    readonly probeSocket: string,
  ) {}

  static start(world: BenchWorld): MeasuredBare {
    const probeSocket = world.socketPath('bare');
    const env = { ...world.simulatorEnv, PROBE_SOCKET: probeSocket };
    return new MeasuredBare(world, Remote.start<BareHandlers>(BARE_MAIN, env, [PROBE]), probeSocket);
  }

  /** Resolves with how many sessions are open in all. */
  open(credentials: string[]): Promise<number> {
    return this.remote.ask('open', { credentials, atOnce: AT_ONCE });
  }

  sample(kind: SampleKind): Promise<ProcessSample> {
    return sampleProcess(this.probeSocket, kind);
  }

  /** One call for each pair, so that keys, device lists and Signal sessions are there. */
  async warmUp(pairs: number, perSecond: number): Promise<LoadResult> {
    return outcomeOf(this.world, await this.place({ pairs, count: pairs, perSecond, ringSeconds: 1 }));
  }

  async place(calls: BareCalls): Promise<PlacedCalls> {
    const progress = setInterval(() => {
      void this.remote
        .ask('placed', null)
        .then((placed) => this.world.say(`  ${placed} of ${calls.count} calls`));
    }, PROGRESS_MS);
    try {
      return await this.remote.ask('call', calls);
    } finally {
      clearInterval(progress);
    }
  }

  stop(): Promise<void> {
    return this.remote.stop();
  }
}
