import { Poller } from '../../../../src/common/async/poller.js';
import { DatabaseUnavailable } from '../../../../src/common/database/database-unavailable.js';
import { ManualClock } from '../../../support/manual-clock.js';
import { SilentLog } from '../../../support/silent-log.js';

const FAILURE = 'Work could not be looked up';

/** A poller, the rounds it has begun, and what a round does. */
function pollerThat(round: () => Promise<void> = () => Promise.resolve(), everyMs = 1000) {
  const clock = new ManualClock();
  const log = new SilentLog();
  const seen = { rounds: 0 };
  const poller = new Poller(clock, log, {
    everyMs,
    failure: FAILURE,
    round: () => {
      seen.rounds += 1;
      return round();
    },
  });
  return { clock, log, seen, poller };
}

function gate() {
  let open: () => void = () => undefined;
  const opened = new Promise<void>((resolve) => (open = resolve));
  return { open, opened };
}

describe('a poller', () => {
  it('looks when it starts, then once per interval', async () => {
    const { clock, seen, poller } = pollerThat();
    expect(seen.rounds).toBe(0);
    poller.start();
    await clock.advance(0);
    expect(seen.rounds).toBe(1);
    await clock.advance(999);
    expect(seen.rounds).toBe(1);
    await clock.advance(1);
    expect(seen.rounds).toBe(2);
    await clock.advance(3000);
    expect(seen.rounds).toBe(5);
  });

  it('looks at once when it is woken, and counts the interval from there', async () => {
    const { clock, seen, poller } = pollerThat();
    poller.start();
    await clock.advance(600);
    poller.wake();
    await clock.advance(999);
    expect(seen.rounds).toBe(2);
    expect(clock.pendingTimers).toBe(1);
    await clock.advance(1);
    expect(seen.rounds).toBe(3);
  });

  it('runs one round at a time, and one more for all that woke it meanwhile', async () => {
    const held = gate();
    const { clock, seen, poller } = pollerThat(() => held.opened);
    poller.start();
    poller.wake();
    poller.wake();
    await clock.advance(5000);
    expect(seen.rounds).toBe(1);
    held.open();
    await clock.advance(0);
    expect(seen.rounds).toBe(2);
  });

  it.each([0, 1, 2, 3, 4, 5])('loses no wake that comes %d turns after a round has ended', async (turns) => {
    const held = gate();
    const { clock, seen, poller } = pollerThat(() => held.opened);
    poller.start();
    held.open();
    for (let turn = 0; turn < turns; turn += 1) await Promise.resolve();
    poller.wake();
    await clock.advance(0);
    expect(seen.rounds).toBe(2);
  });

  it('goes on at once when a round says that it left work behind', async () => {
    let left = 3;
    const { clock, seen, poller } = pollerThat(() => {
      left -= 1;
      if (left > 0) poller.wake();
      return Promise.resolve();
    });
    poller.start();
    await clock.advance(0);
    expect(seen.rounds).toBe(3);
  });

  it('tells a series of failures once, and the next series again', async () => {
    let isBroken = true;
    const { clock, log, poller } = pollerThat(() =>
      isBroken ? Promise.reject(new Error('no database')) : Promise.resolve(),
    );
    poller.start();
    await clock.advance(60_000);
    expect(log.sentences('error')).toEqual([FAILURE]);
    isBroken = false;
    await clock.advance(5000);
    isBroken = true;
    await clock.advance(5000);
    expect(log.sentences('error')).toEqual([FAILURE, FAILURE]);
  });

  it('backs off while it fails, to 5 seconds at the most, and returns to its interval', async () => {
    let isBroken = true;
    const { clock, seen, poller } = pollerThat(() =>
      isBroken ? Promise.reject(new Error('no database')) : Promise.resolve(),
    );
    poller.start();
    await clock.advance(0);
    const roundsAfter = async (ms: number) => {
      await clock.advance(ms);
      return seen.rounds;
    };
    expect([await roundsAfter(1999), await roundsAfter(1)]).toEqual([1, 2]);
    expect([await roundsAfter(3999), await roundsAfter(1)]).toEqual([2, 3]);
    expect([await roundsAfter(4999), await roundsAfter(1)]).toEqual([3, 4]);
    isBroken = false;
    expect([await roundsAfter(5000), await roundsAfter(1000)]).toEqual([5, 6]);
  });

  it('looks at once when it is woken while it backs off', async () => {
    const { clock, seen, poller } = pollerThat(() => Promise.reject(new Error('no database')));
    poller.start();
    await clock.advance(0);
    poller.wake();
    await clock.advance(0);
    expect(seen.rounds).toBe(2);
  });

  it('does not try again at once for a wake that came while a round was failing', async () => {
    const { clock, seen, poller } = pollerThat(() => {
      poller.wake();
      return Promise.reject(new Error('no database'));
    });
    poller.start();
    await clock.advance(1999);
    expect(seen.rounds).toBe(1);
  });

  it('stops when the running round has ended, and begins no other', async () => {
    const held = gate();
    const { clock, seen, poller } = pollerThat(() => held.opened);
    poller.start();
    poller.wake();
    const story: string[] = [];
    const stopping = poller.stop().then(() => story.push('stopped'));
    await clock.advance(5000);
    expect(poller.isStopped).toBe(true);
    expect(story).toEqual([]);
    held.open();
    await stopping;
    poller.wake();
    await clock.advance(5000);
    expect(seen.rounds).toBe(1);
    expect(clock.pendingTimers).toBe(0);
  });

  it('starts again after it was stopped', async () => {
    const { clock, seen, poller } = pollerThat();
    poller.start();
    await poller.stop();
    poller.start();
    await clock.advance(0);
    expect(seen.rounds).toBe(2);
  });

  it('looks earlier when that is wished, at the earliest of several wishes', async () => {
    const { clock, seen, poller } = pollerThat(undefined, 30_000);
    poller.start();
    await clock.advance(0);
    for (const wish of [500, 200, 900, 40_000]) poller.wakeIn(wish);
    expect(clock.pendingTimers).toBe(1);
    await clock.advance(199);
    expect(seen.rounds).toBe(1);
    await clock.advance(1);
    expect(seen.rounds).toBe(2);
    await clock.advance(29_999);
    expect(seen.rounds).toBe(2);
    await clock.advance(1);
    expect(seen.rounds).toBe(3);
  });

  it('keeps a wish that comes while a round is running', async () => {
    const { clock, seen, poller } = pollerThat(() => {
      if (seen.rounds === 1) poller.wakeIn(200);
      return Promise.resolve();
    }, 30_000);
    poller.start();
    await clock.advance(200);
    expect(seen.rounds).toBe(2);
    await clock.advance(29_999);
    expect(seen.rounds).toBe(2);
  });

  it('knows no wish before it is started and after it was stopped', async () => {
    const { clock, seen, poller } = pollerThat();
    poller.wakeIn(0);
    poller.start();
    await poller.stop();
    poller.wakeIn(0);
    await clock.advance(60_000);
    expect(seen.rounds).toBe(1);
  });

  it('is back within 5 seconds when the database is, however seldom it looks', async () => {
    let fault: Error | undefined = new DatabaseUnavailable();
    const { clock, seen, poller } = pollerThat(
      () => (fault ? Promise.reject(fault) : Promise.resolve()),
      600_000,
    );
    poller.start();
    await clock.advance(2000 + 4000 + 5000);
    expect(seen.rounds).toBe(4);
    fault = new Error('a statement that is wrong');
    await clock.advance(5000);
    expect(seen.rounds).toBe(5);
    await clock.advance(599_999);
    expect(seen.rounds).toBe(5);
    fault = undefined;
    await clock.advance(1);
    expect(seen.rounds).toBe(6);
    await clock.advance(599_999);
    expect(seen.rounds).toBe(6);
  });
});
