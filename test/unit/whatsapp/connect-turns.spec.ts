import { beforeEach, describe, expect, it } from '@jest/globals';
import { parseAppConfig } from '../../../src/config/app-config.js';
import { ConnectTurns } from '../../../src/whatsapp/connect-turns.js';
import { ManualClock } from '../../support/manual-clock.js';

let clock: ManualClock;
let begun: { readonly name: number; readonly atMs: number }[];

beforeEach(() => {
  clock = new ManualClock();
  begun = [];
});

const turnsAt = (perSecond: number): ConnectTurns =>
  new ConnectTurns(parseAppConfig({ SESSION_OPENS_PER_SECOND: String(perSecond) }), clock);

/** `count` sessions that are open as soon as they have begun, unless `stay` says otherwise. */
function queueMany(turns: ConnectTurns, count: number, stay?: Promise<void>) {
  return Array.from({ length: count }, (_, name) =>
    turns.queue(() => {
      begun.push({ name, atMs: clock.monotonicMs() });
      return stay ?? Promise.resolve();
    }),
  );
}

const names = (): number[] => begun.map(({ name }) => name);

describe('sessions that connect in turns', () => {
  it.each([1, 5, 50])('never begin more often than %i times in any second', async (perSecond) => {
    const turns = turnsAt(perSecond);
    queueMany(turns, perSecond * 3);
    await clock.advance(4_000);
    expect(names()).toEqual(Array.from({ length: perSecond * 3 }, (_, name) => name));
    for (const { atMs } of begun) {
      const within = begun.filter((other) => other.atMs >= atMs && other.atMs <= atMs + 1000);
      expect(within.length).toBeLessThanOrEqual(perSecond);
    }
  });

  it('begin at once when nobody else did within the pace', async () => {
    const turns = turnsAt(1);
    queueMany(turns, 1);
    await clock.advance(0);
    await clock.advance(5_000);
    queueMany(turns, 1);
    await clock.advance(0);
    expect(begun).toHaveLength(2);
  });

  it('wait for a free place, which one that hangs gives back after 20 seconds', async () => {
    const turns = turnsAt(0);
    queueMany(turns, 30, new Promise(() => undefined));
    await clock.advance(0);
    expect(begun).toHaveLength(20);
    await clock.advance(19_999);
    expect(begun).toHaveLength(20);
    await clock.advance(1);
    expect(begun).toHaveLength(30);
  });

  it('pass their turn on when there is nothing to do', async () => {
    const turns = turnsAt(1);
    const idle = Array.from({ length: 100 }, () => turns.queue(() => undefined));
    queueMany(turns, 2);
    await clock.advance(1_150);
    expect(idle).toHaveLength(100);
    expect(names()).toEqual([0, 1]);
  });

  it('leave the line when they are closed, and the others move up', async () => {
    const turns = turnsAt(1);
    const [, second] = queueMany(turns, 3);
    second?.cancel();
    await clock.advance(1_250);
    expect(names()).toEqual([0, 2]);
  });

  it('get no turn any more once the process stops', async () => {
    const turns = turnsAt(5);
    queueMany(turns, 3);
    await clock.advance(0);
    turns.stop();
    queueMany(turns, 1);
    await clock.advance(60_000);
    expect(names()).toEqual([0]);
    expect(clock.pendingTimers).toBe(0);
  });
});
