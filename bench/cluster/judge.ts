import type { ApiDocument } from '../fuzz/api-document.js';
import type { Findings } from '../support/findings.js';
import { quantile } from '../support/statistics.js';
import type { CallLoad } from './call-load.js';
import type { ClusterStage } from './cluster-stage.js';
import type { EventListener } from './event-listener.js';
import type { Fault } from './fault-plan.js';
import type { FaultRunner } from './fault-runner.js';
import { judgeCompleteness, judgeOrder, parseCallEvent } from './judge-events.js';
import { judgeRequests } from './judge-requests.js';
import { judgeRings, type RungCall } from './judge-rings.js';
import { judgeSessions } from './judge-sessions.js';
import { judgeTakeovers } from './judge-takeovers.js';
import { awakeMs, type NodeLife, type Span } from './node-life.js';
import type { OwnerHistory, TakenForDead } from './owner-history.js';
import { SessionRecord } from './session-record.js';
import type { Violation } from './violation.js';
import type { Witness } from './witness.js';

/** A node that has been running for this long without a pause should not be taken for dead. */
const WELL_MS = 4000;

export interface Everything {
  readonly stage: ClusterStage;
  readonly witness: Witness;
  readonly faults: FaultRunner;
  readonly history: OwnerHistory;
  readonly api: ApiDocument;
  readonly load: CallLoad;
  /** Names of the instances by their numbers. */
  readonly numbers: ReadonlyMap<string, string>;
  readonly listeners: readonly EventListener[];
  readonly period: Required<Span>;
  /** What was found on the way. */
  readonly violations: readonly Violation[];
}

interface CallRow {
  readonly callId: string;
  readonly instance: string;
  readonly durationSeconds: number;
  readonly hasRung: boolean;
  readonly state: string;
  readonly at: number;
}

const CALLS = `SELECT call_id AS "callId", instances.name AS instance, duration AS "durationSeconds", state,
    ringing_at IS NOT NULL AS "hasRung", extract(epoch FROM requested_at)::float8 * 1000 AS at
  FROM calls JOIN instances ON instances.id = instance_id WHERE call_id IS NOT NULL`;

/** Looks at all that was written down during a run. */
export async function judge(everything: Everything, seed: number): Promise<Findings> {
  const { stage, witness, faults, history, api, load, numbers, listeners, period } = everything;
  const { simulator, nodes } = stage;
  const lives = nodes.flatMap((node) => node.lives);
  const rows = await history.query<CallRow>(CALLS);
  const record = new SessionRecord(
    simulator.connectionRecords,
    witness.stanzas,
    numbers,
    lives,
    await history.changes(),
  );
  const sessions = judgeSessions(record, period.to);
  const takeovers = judgeTakeovers(record, faults.records, period);
  const rung = withRows(simulator.calls, rows);
  const rings = judgeRings(rung.calls, record, faults.records, period.to);
  const heard = stage.receiver.accepted.flatMap(
    ({ body, atMs }) => parseCallEvent(body, performance.timeOrigin + atMs) ?? [],
  );
  const missing = judgeCompleteness(rows, heard);
  const falseDeaths = wrongly(await history.deaths(), lives, faults);
  const atEnd = (texts: readonly string[]): Violation[] => texts.map((text) => ({ at: period.to, text }));
  const violations = [
    ...everything.violations,
    ...sessions.overlappingLogins,
    ...sessions.stealBacks,
    ...sessions.staleStanzas,
    ...takeovers.violations,
    ...rings.violations,
    ...rung.violations,
    ...judgeRequests(load.requests, simulator.calls, api),
    ...missing,
    ...judgeOrder(heard, 'the webhook'),
    ...listeners.flatMap((listener) => listener.heard).flatMap((one) => judgeOrder(one, 'a WebSocket')),
    ...atEnd(simulator.violations.filter(isFault)),
    ...atEnd([...faults.violations, ...nodes.flatMap((node) => node.violations)]),
    ...atEnd(witness.pairings > 0 ? [`${witness.pairings} QR codes were asked for`] : []),
  ].sort((a, b) => a.at - b.at);
  const tries = load.requests.flatMap((request) => request.tries);
  const count = (...kinds: Fault['kind'][]): number =>
    faults.records.filter(({ kind }) => kinds.includes(kind)).length;
  return {
    figures: {
      seed,
      steps: faults.records.length,
      nodes: nodes.length,
      sessions: numbers.size,
      kills: count('kill'),
      stops: count('stop'),
      drains: count('drain'),
      database_cuts: count('database-stop', 'database-refusal'),
      broker_cuts: count('broker'),
      requests: load.requests.length,
      calls: simulator.calls.length,
      answers_503: tries.filter(({ status }) => status === 503).length,
      unanswered: tries.filter(({ status }) => status === undefined).length,
      logins: record.sessions.length,
      takeover_p50_ms: Math.round(quantile(takeovers.takeoversMs, 0.5)),
      takeover_max_ms: Math.round(quantile(takeovers.takeoversMs, 1)),
      hand_over_p50_ms: Math.round(quantile(takeovers.handOversMs, 0.5)),
      hand_over_max_ms: Math.round(quantile(takeovers.handOversMs, 1)),
      late_hang_up_p50_ms: Math.round(quantile(rings.lateMs, 0.5)),
      late_hang_up_max_ms: Math.round(quantile(rings.lateMs, 1)),
      overlapping_logins: sessions.overlappingLogins.length,
      steal_backs: sessions.stealBacks.length,
      stale_stanzas: sessions.staleStanzas.length,
      false_deaths: falseDeaths,
      judge_lag_max_ms: witness.lagMaxMs,
      events: heard.length,
      lost_events: missing.length,
      live_events: listeners.flatMap((listener) => listener.heard.flat()).length,
    },
    violations: violations.map(({ at, text }) => `${stepAt(at, faults)}: ${text}`),
  };
}

function stepAt(at: number, { records }: FaultRunner): string {
  const step = records.findLast(({ from }) => from <= at)?.step;
  return step === undefined ? 'before step 1' : `after step ${step}`;
}

function withRows(
  calls: ClusterStage['simulator']['calls'],
  rows: readonly CallRow[],
): { calls: RungCall[]; violations: Violation[] } {
  const byId = new Map(rows.map((row) => [row.callId, row]));
  const violations: Violation[] = [];
  const known = calls.flatMap((call): RungCall[] => {
    const row = byId.get(call.callId);
    if (row) return [{ call, instance: row.instance, durationSeconds: row.durationSeconds }];
    violations.push({ at: call.offeredAt, text: `call ${call.callId} was offered and never stored` });
    return [];
  });
  return { calls: known, violations };
}

/** A call is stored before its offer leaves. When a process dies in between, the next one hangs up what nobody has heard of. */
function isFault(violation: string): boolean {
  return !violation.endsWith(': terminate for an unknown call');
}

function wrongly(
  deaths: readonly TakenForDead[],
  lives: readonly NodeLife[],
  { records }: FaultRunner,
): number {
  return deaths.filter(({ at, tag }) => {
    const life = lives.find((one) => one.tag === tag);
    const hadDatabase = !records.some(
      ({ kind, from, to = Infinity }) => kind.startsWith('database') && from < at && to > at - 2 * WELL_MS,
    );
    return life !== undefined && hadDatabase && awakeMs(life, at - WELL_MS, at) > WELL_MS - 100;
  }).length;
}
