import { AttemptBudget } from '../../../src/pairing-page/attempt-budget.js';
import { TooManyAttempts } from '../../../src/pairing-page/pairing.errors.js';
import { ManualClock } from '../../support/manual-clock.js';

describe('the budget of attempts to link', () => {
  it('allows 20 in ten minutes for each instance, and tells when there are more', async () => {
    const clock = new ManualClock();
    const budget = new AttemptBudget(clock);
    for (let attempt = 0; attempt < 20; attempt += 1) budget.take('a');
    await clock.advance(9 * 60_000);

    expect(refusalOf(() => budget.take('a'))).toEqual(new TooManyAttempts(60));
    expect(refusalOf(() => budget.take('a'))).toMatchObject({ retryAfterSeconds: 60 });
    expect(() => budget.take('b')).not.toThrow();

    await clock.advance(60_000);
    expect(() => budget.take('a')).not.toThrow();
  });
});

function refusalOf(work: () => void): unknown {
  try {
    work();
  } catch (error) {
    return error;
  }
  return undefined;
}
