import { FixedWindowStorage } from '../../../src/auth/fixed-window-storage.js';
import { AttemptBudget } from '../../../src/pairing-page/attempt-budget.js';
import { TooManyAttempts } from '../../../src/pairing-page/pairing.errors.js';
import { ManualClock } from '../../support/manual-clock.js';

describe('the budget of attempts to link', () => {
  it('allows 20 in ten minutes for each instance, and tells when there are more', async () => {
    const clock = new ManualClock();
    const budget = new AttemptBudget(new FixedWindowStorage(clock));
    for (let attempt = 0; attempt < 20; attempt += 1) await budget.take('a');
    await clock.advance(9 * 60_000);

    await expect(budget.take('a')).rejects.toEqual(new TooManyAttempts(60));
    await expect(budget.take('a')).rejects.toMatchObject({ retryAfterSeconds: 60 });
    await budget.take('b');

    await clock.advance(60_000);
    await budget.take('a');
  });
});
