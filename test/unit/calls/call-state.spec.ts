import {
  CALL_STATES,
  CALL_STEPS,
  nextCallState,
  type CallState,
  type CallStep,
} from '../../../src/calls/call-state.js';

/** The whole table, in the order of CALL_STEPS; `-` = the step fades. */
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
    .map((next, index): [CallState, CallStep | undefined, string] => [state, CALL_STEPS[index], next]),
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
