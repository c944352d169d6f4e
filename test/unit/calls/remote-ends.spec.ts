import { callEvent } from '../../../src/calls/store/call-event.js';
import { progress } from '../../../src/calls/store/call-progress.js';
import type { CallOutcome } from '../../../src/calls/call-state.js';
import type { Call } from '../../../src/calls/store/call.entity.js';
import { MemoryCalls } from './support/memory-calls.js';

const second = (seconds: number) => new Date(Date.UTC(2026, 0, 1) + seconds * 1000);

const ACCEPTED = { callId: '00A', durationSeconds: 10, acceptedAt: second(1), hangUpAt: second(11) };
/** Where a call may be when the other side ends it. */
const CALLS = {
  offering: { ...ACCEPTED, acceptedAt: null },
  calling: { ...ACCEPTED, state: 'calling' },
  delivered: { ...ACCEPTED, state: 'delivered', deliveredAt: second(2) },
  ringing: {
    ...ACCEPTED,
    state: 'ringing',
    deliveredAt: second(2),
    ringingAt: second(2),
    hangUpAt: second(12),
  },
  'cancelled without a connection': {
    ...ACCEPTED,
    state: 'ringing',
    deliveredAt: second(2),
    ringingAt: second(2),
    hangUpAt: second(4),
  },
} as const satisfies Record<string, Partial<Call>>;
type Where = keyof typeof CALLS;

const OUR_HANG_UP: Record<Where, CallOutcome> = {
  offering: 'unreachable',
  calling: 'unreachable',
  delivered: 'completed',
  ringing: 'completed',
  'cancelled without a connection': 'cancelled',
};

/** What each reason means; a record: it depends on where the call is. */
const MEANINGS: readonly (readonly [reason: string | null, outcome: CallOutcome | typeof OUR_HANG_UP])[] = [
  [null, 'rejected'],
  ['rejected_elsewhere', 'rejected'],
  ['accepted_elsewhere', 'answered'],
  ['timeout', OUR_HANG_UP],
  ['group_call_ended', OUR_HANG_UP],
  ['busy', 'busy'],
  ['hangup', 'rejected'],
  ['TIMEOUT', 'rejected'],
];

const cells = MEANINGS.flatMap(([reason, outcome]) =>
  (Object.keys(CALLS) as Where[]).map(
    (where) => [reason, where, typeof outcome === 'string' ? outcome : outcome[where]] as const,
  ),
);

describe('a call that the other side ends', () => {
  it.each(cells)('with the reason %s, while it is %s, is %s', (reason, where, outcome) => {
    const call = new MemoryCalls().add(CALLS[where]);
    expect(progress(call, { type: 'ended_remotely', reason }, second(9))).toEqual({
      state: 'ended',
      endedAt: second(9),
      outcome,
      failureCode: null,
      failureReason: outcome === 'rejected' ? reason : null,
    });
  });

  it.each(cells.filter(([reason]) => reason === 'timeout' || reason === 'group_call_ended'))(
    'with the reason %s, while it is %s, ends in all as by our own hang-up',
    (reason, where) => {
      const call = new MemoryCalls().add(CALLS[where]);
      const remote = progress(call, { type: 'ended_remotely', reason }, second(9));
      expect(remote).toEqual(progress(call, { type: 'hung_up' }, second(9)));
    },
  );

  it.each([
    [null, 'rejected'],
    ['accepted_elsewhere', 'accepted'],
    ['busy', 'rejected'],
    ['timeout', 'terminated'],
  ])('is reported for the reason %s as %s', (reason, state) => {
    const call = new MemoryCalls().add(CALLS.ringing);
    const changes = progress(call, { type: 'ended_remotely', reason }, second(9));
    expect(callEvent({ ...call, ...changes }, second(9))?.data).toMatchObject({ state });
  });

  it('is left as it is once it has ended', () => {
    const call = new MemoryCalls().add({ ...CALLS.ringing, state: 'ended', outcome: 'completed' });
    expect(progress(call, { type: 'ended_remotely', reason: null }, second(9))).toBeUndefined();
  });
});
