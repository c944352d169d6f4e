import type { Response } from 'express';
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

  const headers: string[] = [];
  const response = { setHeader: (name: string, value: string) => headers.push(`${name}: ${value}`) };
  const ask = (times: number, client = 'a'): void => {
    const turn = () => pace.turn(client, response as unknown as Response);
    for (let n = 0; n < times; n += 1) void turn().then(() => given.push(clock.monotonicMs()));
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
    ask(150);
    ask(1, 'b');
    await clock.advance(0);
    expect(given).toHaveLength(51);
  });

  it('wait a second at most; the others of that second come at once and cost the connection', async () => {
    ask(1000);
    await clock.advance(0);
    expect(given).toHaveLength(900);
    expect(headers).toEqual(new Array(850).fill('Connection: close'));
    await clock.advance(1000);
    expect(given).toHaveLength(1000);
    ask(1);
    await clock.advance(10);
    expect(given).toHaveLength(1001);
    expect(headers).toHaveLength(850);
  });
});
