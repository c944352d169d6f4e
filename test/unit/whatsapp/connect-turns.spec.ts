import { beforeEach, describe, expect, it } from '@jest/globals';
import { parseAppConfig } from '../../../src/config/app-config.js';
import { ConnectTurns } from '../../../src/whatsapp/connect-turns.js';
import { ManualClock } from '../../support/manual-clock.js';

let clock: ManualClock;
let begun: { readonly name: number; readonly accountId: string; readonly atMs: number }[];

beforeEach(() => {
  clock = new ManualClock();
  begun = [];
});

const turnsAt = (perSecond: number): ConnectTurns =>
  new ConnectTurns(parseAppConfig({ SESSION_OPENS_PER_SECOND: String(perSecond) }), clock);

/** `count` sessions that are open as soon as they have begun, unless `stay` says otherwise. */
function queueMany(turns: ConnectTurns, count: number, stay?: Promise<void>, accountId = 'a') {
  return Array.from({ length: count }, (_, name) =>
    turns.queue({ instanceId: `${accountId}${name}`, accountId }, () => {
      begun.push({ name, accountId, atMs: clock.monotonicMs() });
      return stay ?? Promise.resolve();
    }),
  );
}

const SILENCE = new Promise<void>(() => undefined);
const begunOf = (accountId: string): number => begun.filter((one) => one.accountId === accountId).length;

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

  it('wait for a free place of their account, which one that hangs gives back after 20 seconds', async () => {
    const turns = turnsAt(0);
    queueMany(turns, 25, SILENCE);
    await clock.advance(0);
    expect(begun).toHaveLength(15);
    await clock.advance(19_999);
    expect(begun).toHaveLength(15);
    await clock.advance(1);
    expect(begun).toHaveLength(25);
  });

  it('are 20 at a time that work, of all accounts', async () => {
    const turns = turnsAt(0);
    for (const account of ['a', 'b']) queueMany(turns, 15, SILENCE, account);
    await clock.advance(0);
    for (const account of ['a', 'b']) for (let n = 0; n < 15; n += 1) turns.reached(`${account}${n}`);
    expect(begun).toHaveLength(20);
    await clock.advance(19_999);
    expect(begun).toHaveLength(20);
    await clock.advance(1);
    expect(begun).toHaveLength(30);
  });

  it('wait for no session of another account that a silent proxy keeps waiting', async () => {
    const turns = turnsAt(0);
    queueMany(turns, 60, SILENCE, 'silent');
    queueMany(turns, 5, undefined, 'one');
    await clock.advance(0);
    expect(begunOf('one')).toBe(5);
    queueMany(turns, 60, SILENCE, 'silent too');
    await clock.advance(0);
    expect(begunOf('silent too')).toBe(5);
    queueMany(turns, 30, undefined, 'two');
    await clock.advance(2_000);
    expect(begunOf('two')).toBe(30);
    // Those that are silent wait for themselves.
    expect([begunOf('silent'), begunOf('silent too')]).toEqual([15, 15]);
  });

  it('keep the pace of an account whatever waits of the others', async () => {
    const turns = turnsAt(5);
    queueMany(turns, 60, SILENCE, 'silent');
    queueMany(turns, 60, undefined, 'usual');
    await clock.advance(18_000);
    // 60 alone would take 14 s, and the 15 that may be silent at a time take 3.5 s more.
    expect(begunOf('usual')).toBe(60);
    expect(begunOf('silent')).toBe(15);
  });

  it('pass their turn on when there is nothing to do', async () => {
    const turns = turnsAt(1);
    const idle = Array.from({ length: 100 }, () =>
      turns.queue({ instanceId: 'idle', accountId: 'a' }, () => undefined),
    );
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

  it('know how long it is until their turn, which they share with other accounts', async () => {
    const turns = turnsAt(5);
    queueMany(turns, 100, undefined, 'many');
    queueMany(turns, 2, undefined, 'few');
    expect(turns.secondsUntil('nobody')).toBeUndefined();
    for (const session of ['few1', 'many50']) {
      const seconds = turns.secondsUntil(session) ?? NaN;
      const before = { at: clock.monotonicMs(), name: Number(session.replace(/\D+/, '')) };
      const account = session.replace(/\d+/, '');
      while (!begun.some((one) => one.accountId === account && one.name === before.name))
        await clock.advance(10);
      expect(Math.abs((clock.monotonicMs() - before.at) / 1000 - seconds)).toBeLessThanOrEqual(1);
    }
    expect(turns.secondsUntil('many50')).toBeUndefined();
  });
});
