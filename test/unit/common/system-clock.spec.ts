import { jest } from '@jest/globals';
import { SystemClock } from '../../../src/common/time/system-clock.js';

describe('the clock of the product', () => {
  afterEach(() => jest.restoreAllMocks());

  it('measures spans by a clock that nobody can set', () => {
    const clock = new SystemClock();
    const before = clock.monotonicMs();
    const now = Date.now();
    jest.spyOn(Date, 'now').mockReturnValue(now + 3_600_000);
    expect(clock.monotonicMs() - before).toBeLessThan(60_000);
  });
});
