import type { BareResult } from './bare-run.js';
import { callCostFigures } from './call-cost.js';
import { lostNone } from './call-outcome.js';
import type { CallPhaseResult } from './call-phase.js';
import { costOfSession } from './growth.js';
import type { ProductResult, RestoreResult } from './product-run.js';

export interface Measured {
  readonly sessions: number;
  readonly bare: BareResult;
  readonly opened: ProductResult;
  readonly calls: CallPhaseResult;
  readonly restored: RestoreResult;
  /** Faults that the simulator found in what clients sent. */
  readonly violations: number;
}

const KB_PER_MB = 1024;

/** The result, units in the names. */
export function figuresOf(measured: Measured) {
  const { sessions, bare, opened, calls, restored, violations } = measured;
  const bareCost = costOfSession(bare.points);
  const cost = costOfSession(opened.points);
  return rounded({
    sessions,
    lost_while_idle: opened.lostWhileIdle,
    rss_mb: (opened.points.at(-1)?.memory.rss ?? 0) / 2 ** 20,
    rss_kb_per_session: cost.rssKbPerSession,
    heap_kb_per_session: cost.heapKbPerSession,
    connect_cpu_ms_per_session: cost.connectCpuMsPerSession,
    idle_cpu_us_per_session_second: opened.idleCpuMicrosPerSessionSecond,
    base_cpu_ms_per_second: opened.baseCpuMsPerSecond,
    bare_rss_kb_per_session: bareCost.rssKbPerSession,
    bare_heap_kb_per_session: bareCost.heapKbPerSession,
    bare_connect_cpu_ms_per_session: bareCost.connectCpuMsPerSession,
    bare_idle_cpu_us_per_session_second: bare.idleCpuMicrosPerSessionSecond,
    rss_ratio: cost.rssKbPerSession / bareCost.rssKbPerSession,
    heap_ratio: cost.heapKbPerSession / bareCost.heapKbPerSession,
    connect_cpu_ratio: cost.connectCpuMsPerSession / bareCost.connectCpuMsPerSession,
    restore_first_s: restored.firstSeconds,
    restore_all_s: restored.seconds,
    restored_per_second: sessions / (restored.seconds - restored.firstSeconds),
    database_connections: calls.databaseConnections,
    statements_to_place_a_warm_call: calls.statements.toPlace,
    statements_of_a_whole_warm_call: calls.statements.wholeCall,
    statements_of_a_whole_warm_call_with_webhook: calls.statements.wholeCallWithWebhook,
    statements_of_pairing_keys: calls.statements.pairingKeys,
    calls_requested: calls.steady.requested,
    calls_refused: Object.values(calls.steady.refused).reduce((sum, count) => sum + count, 0),
    calls_hung_up: calls.steady.hungUp,
    call_answer_p50_ms: calls.steady.answerP50Ms,
    call_answer_p99_ms: calls.steady.answerP99Ms,
    call_drift_p99_ms: calls.steady.driftP99Ms,
    ...callCostFigures(calls.cost, bare.calls),
    ringing_at_once: calls.atOnce.ringingAtOnce,
    rings_hung_up: calls.atOnce.hungUp,
    ring_drift_p99_ms: calls.atOnce.driftP99Ms,
    ring_drift_max_ms: calls.atOnce.driftMaxMs,
    violations,
  });
}

const AT_MOST: Partial<Record<keyof ReturnType<typeof figuresOf>, number>> = {
  lost_while_idle: 0,
  rss_kb_per_session: KB_PER_MB / 2,
  heap_kb_per_session: 80,
  rss_ratio: 1,
  connect_cpu_ratio: 1.5,
  database_connections: 20,
  statements_to_place_a_warm_call: 3,
  statements_of_a_whole_warm_call: 9,
  statements_of_a_whole_warm_call_with_webhook: 15,
  statements_of_pairing_keys: 2,
  calls_refused: 0,
  call_answer_p99_ms: 500,
  call_drift_p99_ms: 100,
  call_cpu_product_ms: 6,
  call_cpu_postgres_ms: 4,
  call_cpu_ratio: 2,
  ring_drift_p99_ms: 100,
  violations: 0,
};
const LEAST_RESTORED_PER_SECOND = 80;

/** What was aimed at and not reached, in words. */
export function missedTargets(measured: Measured): string[] {
  const figures = figuresOf(measured);
  const { steady, atOnce } = measured.calls;
  const { outcome: bareCalls } = measured.bare.calls;
  const missed = Object.entries(AT_MOST).flatMap(([name, limit]) => {
    const value = figures[name as keyof typeof AT_MOST];
    return value <= limit ? [] : [`${name}: ${value} instead of at most ${limit}`];
  });
  if (!(figures.restored_per_second >= LEAST_RESTORED_PER_SECOND))
    missed.push(
      `restored_per_second: ${figures.restored_per_second} instead of ${LEAST_RESTORED_PER_SECOND} or more`,
    );
  if (!lostNone(bareCalls)) missed.push(`calls of the bare library were lost: ${JSON.stringify(bareCalls)}`);
  if (!lostNone(steady)) missed.push(`calls at a steady rate were lost: ${JSON.stringify(steady)}`);
  if (!lostNone(atOnce)) missed.push(`rings at once were lost: ${JSON.stringify(atOnce)}`);
  if (figures.ringing_at_once < atOnce.requested)
    missed.push(`ringing_at_once: ${figures.ringing_at_once} instead of ${atOnce.requested}`);
  return missed;
}

function rounded<T extends Record<string, number>>(figures: T): T {
  return Object.fromEntries(
    Object.entries(figures).map(([name, value]) => [name, Math.round(value * 100) / 100]),
  ) as T;
}
