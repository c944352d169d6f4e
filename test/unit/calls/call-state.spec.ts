import { CALL_STATES, nextCallState, type CallState, type CallStep } from '../../../src/calls/call-state.js';

type StepType = CallStep['type'];

/** All steps: one that is missing or too many does not compile. */
const STEPS: Record<StepType, true> = {
  accepted: true,
  acknowledged: true,
  delivered: true,
  ringing: true,
  answered: true,
  refused_by_callee: true,
  ended_remotely: true,
  hung_up: true,
  cancelled: true,
  refused: true,
  unreachable: true,
  failed: true,
};
const CALL_STEPS = Object.keys(STEPS) as StepType[];

/** The whole table, in the order of the steps; `-` = the step fades. */
const TABLE: Record<CallState, string> = {
  offering: 'calling offering delivered ringing ended ended ended ended ended ended ended ended',
  calling: '- calling delivered ringing ended ended ended ended ended ended ended ended',
  delivered: 'delivered delivered - ringing ended ended ended ended ended ended ended ended',
  ringing: 'ringing ringing - - ended ended ended ended ended ended ended ended',
  ended: 'ended ended - - - - - - - - - -',
};

const cells = CALL_STATES.flatMap((state) =>
  TABLE[state]
    .split(' ')
    .map((next, index): [CallState, StepType | undefined, string] => [state, CALL_STEPS[index], next]),
);

describe('the life of a call', () => {
  it('has an answer for every state and step', () => {
    expect(cells).toHaveLength(CALL_STATES.length * CALL_STEPS.length);
  });

  it.each(cells)('goes from %s by %s to %s', (state, step, next) => {
    if (!step) throw new Error('the table has too many columns');
    expect(nextCallState(state, step) ?? '-').toBe(next);
  });
});
