import { refusalOf } from '../../../src/calls/call-admission.js';

const now = new Date('2026-01-01T00:00:00.000Z');
const instance = {
  id: 'i',
  accountId: 'a',
  name: 'shop',
  isLinked: true,
  maxConcurrentCalls: 2,
  minSecondsBetweenCalls: 0,
  numberCooldownSeconds: 0,
  restrictedUntil: null,
};
const quiet = { liveCalls: 0, firstEndsAt: null, lastCallAt: null, lastCallToNumberAt: null };

describe('letting a call in', () => {
  it('lets calls that ask at once in, although one that asked later may be in before', () => {
    const lastCallAt = new Date(now.getTime() + 40);
    expect(refusalOf(instance, { ...quiet, liveCalls: 1, lastCallAt }, now)).toBeUndefined();
  });

  it('tells at least one second, however soon a place is free', () => {
    for (const firstEndsAt of [now, new Date(now.getTime() - 5_000), new Date(now.getTime() + 1)]) {
      expect(refusalOf(instance, { ...quiet, liveCalls: 2, firstEndsAt }, now)).toMatchObject({
        retryAfterSeconds: 1,
      });
    }
  });

  it('counts a pause to the millisecond', () => {
    const paced = { ...instance, minSecondsBetweenCalls: 30 };
    const lastCallAt = new Date(now.getTime() - 29_999);
    expect(refusalOf(paced, { ...quiet, lastCallAt }, now)).toMatchObject({ retryAfterSeconds: 1 });
    expect(refusalOf(paced, { ...quiet, lastCallAt }, new Date(now.getTime() + 1))).toBeUndefined();
  });

  it('forgets a restriction that is over', () => {
    expect(refusalOf({ ...instance, restrictedUntil: now }, quiet, now)).toBeUndefined();
  });
});
