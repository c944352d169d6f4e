import { beforeEach, describe, expect, it } from '@jest/globals';
import { parseAppConfig } from '../../../../src/config/app-config.js';
import { NextConnection } from '../../../../src/whatsapp/baileys/next-connection.js';
import { libraryVersion } from '../../../../src/whatsapp/baileys/socket-options.js';
import type { ClientVersions } from '../../../../src/whatsapp/client-version/client-versions.js';
import { ConnectTurns } from '../../../../src/whatsapp/connect-turns.js';
import { ManualClock } from '../../../support/manual-clock.js';

const NOTHING = { attempt: 0, notBefore: null };
const REFUSED = 100;

/** Versions without a network: the test learns them. */
class KnownVersions implements Pick<ClientVersions, 'current' | 'isRefused' | 'onceHigher'> {
  current = { revision: REFUSED, source: 'built-in', currentAt: null } as const as ClientVersions['current'];
  isRefused = false;
  private readonly waiting = new Set<() => void>();

  onceHigher(_: number, work: () => void) {
    this.waiting.add(work);
    return { cancel: () => void this.waiting.delete(work) };
  }

  learn(revision: number): void {
    this.current = { ...this.current, revision };
    this.isRefused = false;
    for (const work of this.waiting) work();
    this.waiting.clear();
  }
}

let clock: ManualClock;
let versions: KnownVersions;
let turns: ConnectTurns;

beforeEach(() => {
  clock = new ManualClock();
  versions = new KnownVersions();
  turns = new ConnectTurns(parseAppConfig({ SESSION_OPENS_PER_SECOND: '1' }), clock);
});

/** Sessions that begin to connect, by the time since the start of the test. */
function sessions(count: number) {
  const startMs = clock.monotonicMs();
  const connectedMs: number[] = [];
  const all = Array.from({ length: count }, (_, name) => {
    const next: NextConnection = new NextConnection(
      { clock, turns, versions: versions as unknown as ClientVersions },
      () => ({ instanceId: String(name), accountId: 'a' }),
      () => connectedMs.push(clock.monotonicMs() - startMs),
    );
    return next;
  });
  return { all, connectedMs };
}

describe('the next connection of a session', () => {
  it('begins at once, or when the back-off of an earlier process is over', async () => {
    const { all, connectedMs } = sessions(2);
    all[0]?.begin(NOTHING, {});
    all[1]?.begin({ attempt: 3, notBefore: new Date(clock.now().getTime() + 5_000) }, {});
    expect(connectedMs).toEqual([0]);
    expect(all[1]?.attempt).toBe(3);
    await clock.advance(5_000);
    expect(connectedMs).toEqual([0, 5_000]);
  });

  it('does not come back together with all others whose back-off ends at the same time', async () => {
    const { all, connectedMs } = sessions(3);
    const notBefore = new Date(clock.now().getTime() + 5_000);
    for (const next of all) next.begin({ attempt: 3, notBefore }, {});
    await clock.advance(10_000);
    expect(connectedMs).toEqual([5_000, 6_150, 7_300]);
  });

  it('comes in turn as soon as a newer version is known than the one that was refused', async () => {
    const { all, connectedMs } = sessions(3);
    for (const next of all) next.afterRefusal(REFUSED, 900_000);
    await clock.advance(60_000);
    expect(connectedMs).toEqual([]);
    versions.learn(REFUSED + 1);
    await clock.advance(10_000);
    expect(connectedMs).toEqual([60_000, 61_150, 62_300]);
    await clock.advance(900_000);
    expect(connectedMs).toHaveLength(3);
  });

  it('comes in turn at its rung of the ladder when no newer version is known, also when others are let in again', async () => {
    const { all, connectedMs } = sessions(3);
    for (const next of all) next.afterRefusal(REFUSED, 2_000);
    expect(all.map(({ attempt }) => attempt)).toEqual([1, 1, 1]);
    await clock.advance(10_000);
    expect(connectedMs).toEqual([2_000, 3_150, 4_300]);
  });

  it('comes once for a newer version, however often it was refused before', async () => {
    const { all, connectedMs } = sessions(1);
    const [next] = all;
    for (let time = 0; time < 3; time += 1) {
      next?.afterRefusal(REFUSED, 1_000);
      await clock.advance(1_000);
      next?.closed();
    }
    next?.afterRefusal(REFUSED, 900_000);
    versions.learn(REFUSED + 1);
    await clock.advance(60_000);
    expect(connectedMs).toHaveLength(4);
  });

  it('does not wait for the others while somebody waits for the session', async () => {
    const { all, connectedMs } = sessions(4);
    for (const next of all.slice(0, 3)) next.afterRefusal(REFUSED, 900_000);
    all[3]?.begin(NOTHING, { now: true });
    all[3]?.closed();
    all[3]?.afterRefusal(REFUSED, 900_000);
    versions.learn(REFUSED + 1);
    await clock.advance(0);
    expect(connectedMs).toEqual([0, 0, 0]);
    await clock.advance(10_000);
    expect(connectedMs).toHaveLength(5);
  });

  it('waits for the others again once the session that somebody waited for was open', async () => {
    const { all, connectedMs } = sessions(2);
    for (const next of all) {
      next.begin(NOTHING, { now: true });
      next.opened();
      next.closed();
      next.afterRefusal(REFUSED, 900_000);
    }
    versions.learn(REFUSED + 1);
    await clock.advance(10_000);
    expect(connectedMs).toEqual([0, 0, 0, 1_150]);
  });

  it('is given up when the session is closed, wherever it waits', async () => {
    const { all, connectedMs } = sessions(4);
    all[0]?.after(1_000);
    all[1]?.afterFailure(1_000);
    all[2]?.afterRefusal(REFUSED, 1_000);
    for (const next of all) expect(next.isPlanned).toBe(next !== all[3]);
    for (const next of all) next.cancel();
    versions.learn(REFUSED + 1);
    all[3]?.afterRefusal(REFUSED, 1_000);
    all[3]?.cancel();
    await clock.advance(60_000);
    expect(connectedMs).toEqual([]);
    for (const next of all) expect(next.isPlanned).toBe(false);
  });

  it('forgets the failures before a connection that lasted a minute', async () => {
    const { all } = sessions(1);
    const [next] = all;
    next?.begin({ attempt: 7, notBefore: null }, {});
    next?.opened();
    await clock.advance(59_999);
    next?.closed();
    expect(next?.attempt).toBe(7);
    next?.afterFailure(0);
    await clock.advance(0);
    next?.opened();
    await clock.advance(60_000);
    next?.closed();
    expect(next?.attempt).toBe(0);
  });
});

describe('the version of the library', () => {
  it('is the one whose date is known', () => {
    expect(libraryVersion()).toEqual({ revision: 1043857760, currentAt: new Date('2026-07-25T00:00:00Z') });
  });

  it('says how long it is until the session is open, and nothing when nobody knows', async () => {
    const { all } = sessions(1);
    const [next] = all;
    expect(next?.secondsUntilOpen).toBeUndefined();
    next?.begin(NOTHING, { now: true });
    expect(next?.secondsUntilOpen).toBe(2);
    await clock.advance(3_000);
    expect(next?.secondsUntilOpen).toBeUndefined();
    next?.opened();
    expect(next?.secondsUntilOpen).toBe(2);
    next?.closed();
    next?.afterFailure(60_000);
    expect(next?.secondsUntilOpen).toBe(61);
    await clock.advance(45_500);
    expect(next?.secondsUntilOpen).toBe(16);
    next?.cancel();
    expect(next?.secondsUntilOpen).toBeUndefined();
  });

  it('counts the turns of the others in the time until a session is open', async () => {
    const { all } = sessions(10);
    const notBefore = new Date(clock.now().getTime() + 1_000);
    for (const next of all) next.begin({ attempt: 1, notBefore }, {});
    await clock.advance(1_000);
    // The first has begun; one more each 1.15 s, and a second until it is open.
    expect(all.map(({ secondsUntilOpen }) => secondsUntilOpen)).toEqual([2, 3, 4, 5, 6, 7, 8, 10, 11, 12]);
  });

  it('waits as long as the pace of the instance asks, and not for the stored back-off, when somebody asked for it', async () => {
    const { all, connectedMs } = sessions(1);
    const afterMs = (ms: number): Date => new Date(clock.now().getTime() + ms);
    const backoff = { attempt: 5, notBefore: afterMs(600_000) };
    expect(all[0]?.begin(backoff, { notBefore: afterMs(4_000) })).toBe(false);
    await clock.advance(3_999);
    expect(connectedMs).toEqual([]);
    await clock.advance(1);
    expect(connectedMs).toEqual([4_000]);
  });
});
