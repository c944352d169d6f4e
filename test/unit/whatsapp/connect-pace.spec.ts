import { ConnectPace } from '../../../src/whatsapp/connect-pace.js';
import { ConnectedTooOften } from '../../../src/whatsapp/whatsapp.errors.js';
import { ManualClock } from '../../support/manual-clock.js';

describe('the pace at which sockets are asked for', () => {
  let clock: ManualClock;
  let pace: ConnectPace;

  beforeEach(() => {
    clock = new ManualClock();
    pace = new ConnectPace(clock);
  });

  const takeMany = (count: number, instanceId = 'i') => {
    for (let n = 0; n < count; n += 1) pace.take(instanceId);
  };
  const refusal = () => {
    try {
      pace.take('i');
    } catch (error) {
      return error;
    }
    return undefined;
  };

  it('is six at once for an instance, then one each ten seconds, and says when the next may come', async () => {
    takeMany(6);
    expect(refusal()).toBeInstanceOf(ConnectedTooOften);
    expect(refusal()).toMatchObject({ kind: 'rate_limited', retryAfterSeconds: 10 });
    await clock.advance(7_500);
    expect(refusal()).toMatchObject({ retryAfterSeconds: 2.5 });
    await clock.advance(2_500);
    takeMany(1);
    expect(refusal()).toMatchObject({ retryAfterSeconds: 10 });
  });

  it('makes 75 logins in 8 seconds impossible, and a loop slow for as long as it goes on', async () => {
    let logins = 0;
    for (let ms = 0; ms < 600_000; ms += 100) {
      if (refusal() === undefined) logins += 1;
      if (ms === 8_000) expect(logins).toBe(6);
      await clock.advance(100);
    }
    expect(logins).toBe(65);
  });

  it('does not count what it refused', () => {
    takeMany(6);
    for (let n = 0; n < 100; n += 1) refusal();
    expect(refusal()).toMatchObject({ retryAfterSeconds: 10 });
  });

  it('is that of each instance', () => {
    takeMany(6, 'other');
    expect(refusal()).toBeUndefined();
  });

  it('tells how long what can wait has to, and counts only what is opened at once', async () => {
    expect(Array.from({ length: 8 }, () => pace.reserve('i'))).toEqual([0, 0, 0, 0, 0, 0, 10_000, 10_000]);
    await clock.advance(60_000);
    expect(pace.reserve('i')).toBe(0);
  });
});
