import { judgeCompleteness, judgeOrder } from '../../../bench/cluster/judge-events.js';
import { judgeRings } from '../../../bench/cluster/judge-rings.js';
import { judgeSessions } from '../../../bench/cluster/judge-sessions.js';
import { judgeTakeovers } from '../../../bench/cluster/judge-takeovers.js';
import type { FaultRecord } from '../../../bench/cluster/fault-runner.js';
import type { NodeLife } from '../../../bench/cluster/node-life.js';
import { SessionRecord } from '../../../bench/cluster/session-record.js';
import type { CallRecord, ConnectionRecord } from '../../simulator/index.js';

const NUMBER = '491510000500';
const END = 100_000;

function life(tag: string, more: Partial<NodeLife> = {}): NodeLife {
  return { tag, startedAt: 0, freezes: [], ...more };
}

function connection(id: number, query: string, loggedInAt: number, closedAt?: number): ConnectionRecord {
  return {
    id,
    query,
    account: NUMBER,
    openedAt: loggedInAt,
    loggedInAt,
    ...(closedAt !== undefined && { closedAt }),
  };
}

interface Scene {
  readonly lives: readonly NodeLife[];
  readonly connections: readonly ConnectionRecord[];
  /** Who holds the instance since when. */
  readonly owners: readonly (readonly [number, string | null])[];
  readonly stanzas?: ReadonlyMap<number, readonly number[]>;
}

function recordOf({ lives, connections, owners, stanzas = new Map<number, readonly number[]>() }: Scene) {
  const arrivals = [...stanzas].map(
    ([id, times]) => [id, times.map((at) => ({ at, notBefore: at, tag: 'call' }))] as const,
  );
  return new SessionRecord(
    connections,
    new Map(arrivals),
    new Map([[NUMBER, 'shop']]),
    lives,
    owners.map(([at, tag]) => ({ instance: 'shop', at, tag })),
  );
}

describe('the judge of sessions', () => {
  const taken: Scene = {
    lives: [life('n1-1', { freezes: [{ from: 10_000, to: 30_000 }] }), life('n2-1')],
    connections: [connection(1, 'n1-1', 1000, 30_010), connection(2, 'n2-1', 16_500)],
    owners: [
      [0, 'n1-1'],
      [16_000, 'n2-1'],
    ],
    stanzas: new Map([
      [1, [9000]],
      [2, [16_600]],
    ]),
  };
  const counts = (scene: Scene) => {
    const { overlappingLogins, stealBacks, staleStanzas } = judgeSessions(recordOf(scene), END);
    return [overlappingLogins.length, stealBacks.length, staleStanzas.length];
  };

  it('finds nothing wrong with a stopped node that closes its socket when it wakes', () => {
    expect(counts(taken)).toEqual([0, 0, 0]);
  });

  it('sees a node that says one more word after it woke', () => {
    expect(counts({ ...taken, stanzas: new Map([[1, [30_005]]]) })).toEqual([0, 0, 1]);
  });

  it('sees a word of one that was replaced in the database and not yet on the wire', () => {
    expect(counts({ ...taken, stanzas: new Map([[1, [16_400]]]) })).toEqual([0, 0, 1]);
  });

  it('sees one that does not close its socket when it wakes', () => {
    const connections = [connection(1, 'n1-1', 1000, 36_000), connection(2, 'n2-1', 16_500)];
    expect(counts({ ...taken, connections })).toEqual([1, 0, 0]);
  });

  it('sees one that logs in again', () => {
    const connections = [...taken.connections, connection(3, 'n1-1', 31_000, 31_500)];
    expect(counts({ ...taken, connections })).toEqual([1, 1, 0]);
  });

  it('sees a login over the session of a node that is well', () => {
    expect(counts({ ...taken, lives: [life('n1-1'), life('n2-1')] })[0]).toBe(1);
  });
});

describe('the judge of takeovers', () => {
  const lives = [life('n1-1', { doomedAt: 10_000, endedAt: 10_000 }), life('n2-1')];
  const kill: FaultRecord = { step: 1, kind: 'kill', life: lives[0], from: 10_000, to: 12_000 };
  const verdict = (again: number, faults: readonly FaultRecord[]) =>
    judgeTakeovers(
      recordOf({
        lives,
        connections: [connection(1, 'n1-1', 0, 10_000), connection(2, 'n2-1', again)],
        owners: [
          [0, 'n1-1'],
          [again - 500, 'n2-1'],
        ],
      }),
      faults,
      { from: 0, to: END },
    );

  it('measures how long an instance was without a session', () => {
    expect(verdict(16_000, [kill])).toEqual({ violations: [], takeoversMs: [6000], handOversMs: [] });
  });

  it('does not accept more than 20 s', () => {
    expect(verdict(31_000, [kill]).violations).toHaveLength(1);
  });

  it('counts from the end of a time without a database', () => {
    const cut: FaultRecord = { step: 2, kind: 'database-stop', from: 11_000, to: 18_000 };
    expect(verdict(31_000, [kill, cut])).toEqual({ violations: [], takeoversMs: [], handOversMs: [] });
    expect(verdict(39_000, [kill, cut]).violations).toHaveLength(1);
  });

  it('does not take the fault of a node that has nothing to do with it for an explanation', () => {
    const other: FaultRecord = { step: 2, kind: 'kill', life: life('n3-1'), from: 30_000, to: 31_000 };
    expect(verdict(31_000, [kill, other]).violations).toHaveLength(1);
  });
});

describe('the judge of rings', () => {
  const lives = [life('n1-1')];
  const record = recordOf({ lives, connections: [], owners: [[0, 'n1-1']] });
  const ring = (stoppedAt: number | undefined, faults: readonly FaultRecord[]) => {
    const device = { jid: 'callee', ringingSince: 5000, terminateStanzaIds: [] };
    const stopped = stoppedAt === undefined ? {} : { ringStoppedAt: stoppedAt };
    const call = { callId: 'A', devices: [{ ...device, ...stopped }] } as unknown as CallRecord;
    const { violations, lateMs } = judgeRings(
      [{ call, instance: 'shop', durationSeconds: 3 }],
      record,
      faults,
      END,
    );
    return [violations.length, lateMs];
  };

  it('accepts 10 s after the end of the time or after the death of the node, and no more', () => {
    const kill: FaultRecord = { step: 1, kind: 'kill', life: lives[0], from: 7000, to: 9000 };
    const late: FaultRecord = { ...kill, from: 12_000, to: 13_000 };
    expect(ring(8010, [])).toEqual([0, [10]]);
    expect(ring(18_500, [kill])).toEqual([1, [10_500]]);
    expect(ring(18_500, [late])).toEqual([0, [6500]]);
  });

  it('sees a phone that nobody stopped', () => {
    expect(ring(undefined, [])[0]).toBe(2);
  });
});

describe('the judge of events', () => {
  const heard = (...states: string[]) =>
    states.map((state, index) => ({ id: String(index), callId: 'A', state, at: index }));
  const call = { callId: 'A', hasRung: true, at: 0 };

  it('wants to hear of a call from its offer to its end', () => {
    expect(judgeCompleteness([call], heard('offer', 'delivered', 'ringing', 'terminated'))).toEqual([]);
    expect(judgeCompleteness([call], heard('offer', 'terminated'))).toHaveLength(1);
    expect(judgeCompleteness([call], [])).toHaveLength(3);
  });

  it('wants it in order, and does not mind the same delivery twice', () => {
    const events = heard('offer', 'ringing', 'terminated');
    expect(judgeOrder([...events, ...events], 'it')).toEqual([]);
    expect(judgeOrder(heard('offer', 'terminated', 'ringing'), 'it')).toHaveLength(1);
    expect(judgeOrder(heard('offer', 'offer'), 'it')).toHaveLength(1);
  });
});
