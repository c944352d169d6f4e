import { quantile } from '../support/statistics.js';
import { until, type BenchWorld } from './bench-world.js';

export interface Answer {
  /** 200: the call was placed; otherwise who refused it says why, 0 when nobody answered. */
  readonly status: number;
  /** From the request. */
  readonly ms: number;
}

export interface PlacedCalls {
  /** Epoch milliseconds; no call of these began earlier. */
  readonly sinceMs: number;
  readonly ringSeconds: number;
  readonly answers: readonly Answer[];
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

/** Waits until every phone has stopped, and sums up the answers and what the phones saw. */
export async function outcomeOf(
  { simulator }: BenchWorld,
  { sinceMs, ringSeconds, answers }: PlacedCalls,
): Promise<LoadResult> {
  const accepted = answers.filter(({ status }) => status === 200);
  const seen = () => simulator.ask('calls', { sinceMs, ringSeconds });
  await until(
    async () => (await seen()).hungUp >= accepted.length,
    'every phone has stopped',
    ALL_HUNG_UP_MS,
  ).catch(() => undefined);
  const { offers, hungUp, atOnce, driftMs } = await seen();
  const refused: Record<string, number> = {};
  for (const { status } of answers) if (status !== 200) refused[status] = (refused[status] ?? 0) + 1;
  const answerMs = accepted.map(({ ms }) => ms);
  return {
    requested: answers.length,
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

/** True when every call that was asked for rang and was stopped. */
export function lostNone({ requested, refused, offers, hungUp }: LoadResult): boolean {
  return Object.keys(refused).length === 0 && offers === requested && hungUp === requested;
}
