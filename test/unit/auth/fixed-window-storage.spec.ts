import { FixedWindowStorage } from '../../../src/auth/fixed-window-storage.js';
import { ManualClock } from '../../support/manual-clock.js';

describe('counting requests', () => {
  it('lets the limit through and blocks from then on until the window ends', async () => {
    const clock = new ManualClock();
    const storage = new FixedWindowStorage(clock);
    expect(await storage.increment('a', 60_000, 2)).toMatchObject({ totalHits: 1, isBlocked: false });
    await clock.advance(15_000);
    expect(await storage.increment('a', 60_000, 2)).toMatchObject({ totalHits: 2, isBlocked: false });
    expect(await storage.increment('a', 60_000, 2)).toMatchObject({ isBlocked: true, timeToBlockExpire: 45 });
    await clock.advance(45_000);
    expect(await storage.increment('a', 60_000, 2)).toMatchObject({ totalHits: 1, isBlocked: false });
  });

  it('counts each key for itself', async () => {
    const storage = new FixedWindowStorage(new ManualClock());
    await storage.increment('a', 60_000, 1);
    expect(await storage.increment('b', 60_000, 1)).toMatchObject({ totalHits: 1, isBlocked: false });
  });

  it('forgets keys whose window is over', async () => {
    const clock = new ManualClock();
    const storage = new FixedWindowStorage(clock);
    for (let index = 0; index < 1000; index += 1) await storage.increment(`k${index}`, 60_000, 1);
    expect(storage.size).toBe(1000);
    await clock.advance(61_000);
    await storage.increment('last', 60_000, 1);
    expect(storage.size).toBe(1);
  });
});
