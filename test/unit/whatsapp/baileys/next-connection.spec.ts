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
    all[0]?.begin(NOTHING, false);
    all[1]?.begin({ attempt: 3, notBefore: new Date(clock.now().getTime() + 5_000) }, false);
    expect(connectedMs).toEqual([0]);
    expect(all[1]?.attempt).toBe(3);
    await clock.advance(5_000);
    expect(connectedMs).toEqual([0, 5_000]);
  });

  it('does not come back together with all others whose back-off ends at the same time', async () => {
    const { all, connectedMs } = sessions(3);
    const notBefore = new Date(clock.now().getTime() + 5_000);
    for (const next of all) next.begin({ attempt: 3, notBefore }, false);
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
    all[3]?.begin(NOTHING, true);
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
      next.begin(NOTHING, true);
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
    next?.begin({ attempt: 7, notBefore: null }, false);
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
});
