import type { FaultRecord } from './fault-runner.js';
import type { Span } from './node-life.js';
import type { Session, SessionRecord } from './session-record.js';
import type { Violation } from './violation.js';

const CONNECTED_AGAIN_MS = 20_000;
/** A process that was stopped for longer has been taken for dead. */
const CERTAIN_DEATH_MS = 7000;

export interface TakeoverVerdict {
  readonly violations: Violation[];
  /** From the death of a node to the session in another, one for each instance, where nothing else went wrong meanwhile. */
  readonly takeoversMs: number[];
  /** The same for nodes that ended in order, from the end of the session. */
  readonly handOversMs: number[];
}

/** Every instance is connected again within 20 s of the last thing that kept it away. */
export function judgeTakeovers(
  record: SessionRecord,
  faults: readonly FaultRecord[],
  period: Span,
): TakeoverVerdict {
  const verdict: TakeoverVerdict = { violations: [], takeoversMs: [], handOversMs: [] };
  for (const instance of record.instances) {
    const sessions = record.sessionsOf(instance);
    for (const gap of gapsOf(sessions, period)) judgeGap(record, faults, instance, sessions, gap, verdict);
  }
  return verdict;
}

function judgeGap(
  record: SessionRecord,
  faults: readonly FaultRecord[],
  instance: string,
  sessions: readonly Session[],
  gap: Required<Span>,
  { violations, takeoversMs, handOversMs }: TakeoverVerdict,
): void {
  const involved = new Set(record.ownersDuring(instance, gap));
  const during = faults.filter(({ from, to = Infinity, kind, life }) => {
    if (from > gap.to || to < gap.from) return false;
    return kind.startsWith('database') || (life !== undefined && involved.has(life));
  });
  const lastMark = Math.max(
    gap.from,
    ...during.map((fault) => markOf(fault)).filter((mark) => mark < gap.to),
  );
  const lateMs = gap.to - lastMark;
  if (lateMs > CONNECTED_AGAIN_MS) {
    const text = `${instance} was not connected for ${Math.round(gap.to - gap.from)} ms, ${Math.round(lateMs)} ms after the last fault that explains it`;
    violations.push({ at: gap.from, text });
  }
  const [fault, ...more] = during;
  const before = sessions.findLast(({ loggedInAt }) => loggedInAt <= gap.from);
  const after = sessions.find(({ loggedInAt }) => loggedInAt === gap.to);
  if (!fault || more.length > 0 || !before || !after || fault.life !== before.life) return;
  if (before.life === after.life) return;
  if (fault.kind === 'drain') handOversMs.push(gap.to - gap.from);
  else takeoversMs.push(gap.to - gap.from);
}

/** From when on nothing but the cluster itself keeps an instance from being connected. */
function markOf({ kind, from, to = Infinity }: FaultRecord): number {
  if (kind.startsWith('database')) return to;
  return kind === 'stop' && to - from < CERTAIN_DEATH_MS ? to : from;
}

/** When the instance had no session in a process that was running. */
function gapsOf(sessions: readonly Session[], { from, to = Infinity }: Span): Required<Span>[] {
  const spans = sessions.flatMap(runningSpans).sort((a, b) => a.from - b.from);
  const gaps: Required<Span>[] = [];
  let covered = from;
  for (const span of spans) {
    if (span.from > covered) gaps.push({ from: covered, to: span.from });
    covered = Math.max(covered, span.to);
  }
  if (covered < to) gaps.push({ from: covered, to });
  return gaps;
}

function runningSpans({ life, loggedInAt, closedAt, replacedAt = Infinity }: Session): Required<Span>[] {
  const end = Math.min(closedAt, replacedAt);
  const spans: Required<Span>[] = [];
  let from = loggedInAt;
  for (const freeze of life.freezes) {
    if (freeze.from > end || (freeze.to ?? Infinity) < from) continue;
    if (freeze.from > from) spans.push({ from, to: freeze.from });
    from = freeze.to ?? Infinity;
  }
  if (from < end) spans.push({ from, to: end });
  return spans;
}
