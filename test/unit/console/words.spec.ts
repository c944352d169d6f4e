import { CALL_OUTCOMES, CALL_STATES } from '../../../src/calls/call-state.js';
import { loadWords } from './browser-modules.js';

const CALL = { state: 'ended', outcome: null, ringingAt: null, failureReason: null };

describe('the words of the console', () => {
  it.each(CALL_OUTCOMES)('say what the outcome %s means', async (outcome) => {
    const { callInWords } = await loadWords();
    const words = callInWords({ ...CALL, outcome, ringingAt: '2026-01-31T12:00:01.000Z' });
    expect(words).toMatch(/^[A-Z]/);
    expect(words).not.toBe(outcome);
  });

  it.each(CALL_STATES.filter((state) => state !== 'ended'))('say what the state %s means', async (state) => {
    const { callInWords } = await loadWords();
    expect(callInWords({ ...CALL, state })).toMatch(/^[A-Z].+ .+\.|…$/);
  });

  it('do not claim a ring that no device told of', async () => {
    const { callInWords } = await loadWords();
    expect(callInWords({ ...CALL, outcome: 'completed' })).toContain('no device said that it rang');
  });

  it('give the reason of a failure', async () => {
    const { callInWords } = await loadWords();
    expect(callInWords({ ...CALL, outcome: 'refused', failureReason: 'not allowed (403)' })).toBe(
      'Refused by WhatsApp – not allowed (403)',
    );
  });

  it('show the number of an account, and an address without a number as it is', async () => {
    const { numberOf } = await loadWords();
    expect(numberOf('5511999999999@s.whatsapp.net')).toBe('+5511999999999');
    expect(numberOf('5511999999999:12@s.whatsapp.net')).toBe('+5511999999999');
    expect(numberOf('123@lid')).toBe('123@lid');
    expect(numberOf(null)).toBeNull();
  });

  it('measure the steps of a call from its beginning, never below zero', async () => {
    const { offset } = await loadWords();
    expect(offset('2026-01-31T12:00:00.000Z', '2026-01-31T12:00:01.123Z')).toBe('+1.12 s');
    expect(offset('2026-01-31T12:00:00.100Z', '2026-01-31T12:00:00.000Z')).toBe('+0.00 s');
  });
});
