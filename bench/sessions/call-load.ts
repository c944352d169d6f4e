import { atFixedRate } from '../support/fixed-rate.js';
import type { BenchWorld } from './bench-world.js';
import { outcomeOf, type Answer, type LoadResult, type PlacedCalls } from './call-outcome.js';
import type { MeasuredProduct } from './measured-product.js';

/** An instance and the number that it calls. */
export interface Pair {
  readonly instance: string;
  readonly token: string;
  readonly number: string;
}

/** Rings phones with warm calls: the instance and the callee know each other already. */
export class CallLoad {
  constructor(
    private readonly world: BenchWorld,
    private readonly product: MeasuredProduct,
    private readonly pairs: readonly Pair[],
  ) {}

  /** One call for each pair, so that keys, device lists and Signal sessions are there. */
  warmUp(perSecond: number): Promise<LoadResult> {
    return this.run(this.pairs.length, perSecond, 1);
  }

  async run(count: number, perSecond: number, ringSeconds: number): Promise<LoadResult> {
    return outcomeOf(this.world, await this.place(count, perSecond, ringSeconds));
  }

  /** Calls at a fixed rate whatever the answers do; resolves with the last answer. */
  async place(count: number, perSecond: number, ringSeconds: number): Promise<PlacedCalls> {
    const sinceMs = Date.now();
    const onProgress = (started: number): void => this.world.say(`  ${started} of ${count} calls`);
    const answers = await atFixedRate({ count, perSecond, onProgress }, (index) =>
      this.call(index, ringSeconds),
    );
    return { sinceMs, ringSeconds, answers };
  }

  private async call(index: number, duration: number): Promise<Answer> {
    const pair = this.pairs[index % this.pairs.length];
    if (!pair) throw new TypeError('There is nobody to call');
    const { instance, token, number } = pair;
    const startedMs = performance.now();
    const { status } = await this.product.request('POST', `/api/call/fake/${instance}`, token, {
      number,
      duration,
    });
    return { status, ms: performance.now() - startedMs };
  }
}
