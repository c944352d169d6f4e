import type { CallRecord } from '../../test/simulator/index.js';
import type { FaultRecord } from './fault-runner.js';
import { overlaps } from './node-life.js';
import type { SessionRecord } from './session-record.js';
import type { Violation } from './violation.js';

const HANG_UP_LIMIT_MS = 10_000;
/** A process that was stopped for less goes on as if nothing had happened. */
const TAKEN_FOR_DEAD_MS = 5000;
/** What the holder of the call did just before the phone rang counts too. */
const BEFORE_MS = 2000;

export interface RungCall {
  readonly call: CallRecord;
  readonly instance: string;
  readonly durationSeconds: number;
}

export interface RingVerdict {
  readonly violations: Violation[];
  /** How long each phone rang beyond its time and the last fault that explains it. */
  readonly lateMs: number[];
}

/** Every phone stops within 10 s of the end of its time, or of the last fault of the processes that held the session. */
export function judgeRings(
  calls: readonly RungCall[],
  record: SessionRecord,
  faults: readonly FaultRecord[],
  now: number,
): RingVerdict {
  const violations: Violation[] = [];
  const lateMs: number[] = [];
  for (const { call, instance, durationSeconds } of calls) {
    for (const { jid, ringingSince, ringStoppedAt = now, terminateStanzaIds } of call.devices) {
      if (ringingSince === undefined) continue;
      const span = { from: ringingSince - BEFORE_MS, to: ringStoppedAt };
      const holders = record.ownersDuring(instance, span);
      const marks = faults
        .filter(({ kind, life }) => kind.startsWith('database') || (life && holders.includes(life)))
        .filter((fault) => overlaps(fault, span))
        .map(({ kind, from, to = Infinity }) => markOf(kind, from, to))
        .filter((mark) => mark <= ringStoppedAt);
      const late = ringStoppedAt - Math.max(ringingSince + durationSeconds * 1000, ...marks);
      lateMs.push(Math.max(0, late));
      const text = `${instance}: ${jid} rang ${Math.round(ringStoppedAt - ringingSince)} ms for ${durationSeconds} s in call ${call.callId}`;
      if (late > HANG_UP_LIMIT_MS) violations.push({ at: ringingSince, text });
      if (ringStoppedAt === now && terminateStanzaIds.length === 0)
        violations.push({ at: ringingSince, text: `${text}, and rings on` });
    }
  }
  return { violations, lateMs };
}

function markOf(kind: FaultRecord['kind'], from: number, to: number): number {
  if (kind.startsWith('database')) return to;
  return kind === 'stop' && to - from < TAKEN_FOR_DEAD_MS ? to : from;
}
