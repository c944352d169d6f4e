import { RefusalPace } from '../../../src/auth/refusal-pace.js';
import { ManualClock } from '../../support/manual-clock.js';

describe('the refusals of a client that is over its rate limit', () => {
  let clock: ManualClock;
  let pace: RefusalPace;
  let given: number[];

  beforeEach(() => {
    clock = new ManualClock();
    pace = new RefusalPace(clock);
    given = [];
  });

  const ask = (times: number, client = 'a'): void => {
    for (let n = 0; n < times; n += 1) void pace.turn(client).then(() => given.push(clock.monotonicMs()));
  };

  it('come at once for fifty requests, and then a hundred times a second', async () => {
    ask(55);
    await clock.advance(0);
    expect(given).toHaveLength(50);
    for (const left of [4, 3, 2, 1, 0]) {
      await clock.advance(10);
      expect(given).toHaveLength(55 - left);
    }
    await clock.advance(100);
    ask(11);
    await clock.advance(0);
    expect(given).toHaveLength(55 + 10);
  });

  it('make nobody else wait', async () => {
    ask(500);
    ask(1, 'b');
    await clock.advance(0);
    expect(given).toHaveLength(51);
  });
});
