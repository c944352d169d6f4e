import { setTimeout as sleep } from 'node:timers/promises';
import { quantile } from '../support/statistics.js';
import { until, type BenchWorld } from './bench-world.js';
import type { MeasuredProduct } from './measured-product.js';

/** An instance and the number that it calls. */
export interface Pair {
  readonly instance: string;
  readonly token: string;
  readonly number: string;
}

export interface LoadResult {
  readonly requested: number;
  /** Answers other than 200, by status. */
  readonly refused: Readonly<Record<string, number>>;
  /** Offers that reached the server. */
  readonly offers: number;
  /** Offers whose every phone stopped ringing. */
  readonly hungUp: number;
  /** Most phones that rang at one moment. */
  readonly ringingAtOnce: number;
  readonly answerP50Ms: number;
  readonly answerP99Ms: number;
  /** How much later or earlier than asked for a phone stopped ringing. */
  readonly driftP99Ms: number;
  readonly driftMaxMs: number;
}

const ALL_HUNG_UP_MS = 60_000;

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

  /** Calls at a fixed rate whatever the answers do. */
  async run(count: number, perSecond: number, ringSeconds: number): Promise<LoadResult> {
    const { simulator, say } = this.world;
    const sinceMs = Date.now();
    const startedMs = performance.now();
    const answers: Promise<{ status: number; ms: number }>[] = [];
    let saidMs = startedMs;
    for (let index = 0; index < count; index += 1) {
      const waitMs = startedMs + (index * 1000) / perSecond - performance.now();
      if (waitMs > 1) await sleep(waitMs);
      if (performance.now() - saidMs > 10_000) {
        say(`  ${index} of ${count} calls`);
        saidMs = performance.now();
      }
      answers.push(this.call(index, ringSeconds));
    }
    const answered = await Promise.all(answers);
    const accepted = answered.filter(({ status }) => status === 200);
    const seen = () => simulator.ask('calls', { sinceMs, ringSeconds });
    await until(
      async () => (await seen()).hungUp >= accepted.length,
      'every phone has stopped',
      ALL_HUNG_UP_MS,
    ).catch(() => undefined);
    const { offers, hungUp, atOnce, driftMs } = await seen();
    const refused: Record<string, number> = {};
    for (const { status } of answered) if (status !== 200) refused[status] = (refused[status] ?? 0) + 1;
    const answerMs = accepted.map(({ ms }) => ms);
    return {
      requested: count,
      refused,
      offers,
      hungUp,
      ringingAtOnce: atOnce,
      answerP50Ms: quantile(answerMs, 0.5),
      answerP99Ms: quantile(answerMs, 0.99),
      driftP99Ms: quantile(driftMs, 0.99),
      driftMaxMs: quantile(driftMs, 1),
    };
  }

  private async call(index: number, duration: number): Promise<{ status: number; ms: number }> {
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

/** True when every call that was asked for rang and was stopped. */
export function lostNone({ requested, refused, offers, hungUp }: LoadResult): boolean {
  return Object.keys(refused).length === 0 && offers === requested && hungUp === requested;
}
