import { LineBudget, type HeldBack } from '../../../src/common/logging/line-budget.js';
import { ManualClock } from '../../support/manual-clock.js';

const MINUTE_MS = 60_000;

describe('a budget of lines', () => {
  function open(linesAMinute: number, maxKinds = 10) {
    const clock = new ManualClock();
    const reports: (readonly HeldBack<string>[])[] = [];
    const report = (held: readonly HeldBack<string>[]) => void reports.push(held);
    const budget = new LineBudget<string>(clock, { linesAMinute, maxKinds, report });
    const take = (kind: string, times = 1, label = kind) =>
      Array.from({ length: times }, (_, index) => budget.take(kind, label, `${kind}${index + 1}`)).filter(
        Boolean,
      ).length;
    return { clock, reports, budget, take };
  }

  it('writes the first lines of each kind at once, and reports the number of the others after a minute', async () => {
    const { clock, reports, take } = open(2);
    expect([take('a', 5), take('b', 1), take('c', 3)]).toEqual([2, 1, 2]);
    await clock.advance(MINUTE_MS - 1);
    expect(reports).toEqual([]);
    await clock.advance(1);
    expect(reports).toEqual([
      [
        { last: 'a5', count: 3, countByLabel: { a: 3 } },
        { last: 'c3', count: 1, countByLabel: { c: 1 } },
      ],
    ]);
  });

  it('of one line a minute is a single report a minute as long as it goes on, and then a line at once again', async () => {
    const { clock, reports, take } = open(1);
    expect(take('a', 10)).toBe(1);
    for (let minute = 1; minute <= 3; minute += 1) {
      await clock.advance(MINUTE_MS);
      expect(reports).toHaveLength(minute);
      expect(take('a', 10)).toBe(0);
    }
    await clock.advance(MINUTE_MS);
    expect(reports.map(([one]) => one?.count)).toEqual([9, 10, 10, 10]);
    await clock.advance(MINUTE_MS);
    expect(reports).toHaveLength(4);
    expect(take('a')).toBe(1);
  });

  it('has no timer when there is nothing to count', async () => {
    const { clock, take } = open(1);
    expect(clock.pendingTimers).toBe(0);
    take('a', 2);
    expect(clock.pendingTimers).toBe(1);
    await clock.advance(2 * MINUTE_MS);
    expect(clock.pendingTimers).toBe(0);
  });

  it('is shared by the kinds beyond its limit, so that it holds no more than that', async () => {
    const { clock, reports, take } = open(1, 2);
    const kinds = Array.from({ length: 1000 }, (_, index) => `k${index}`);
    expect(kinds.map((kind) => take(kind, 2, 'refused')).reduce((sum, one) => sum + one)).toBe(3);
    await clock.advance(MINUTE_MS);
    expect(reports).toEqual([
      [
        { last: 'k02', count: 1, countByLabel: { refused: 1 } },
        { last: 'k12', count: 1, countByLabel: { refused: 1 } },
        { last: undefined, count: 1995, countByLabel: { refused: 1995 } },
      ],
    ]);
  });

  it('counts by at most twenty labels of each kind, and the rest together', async () => {
    const { clock, reports, take } = open(1);
    take('a');
    for (let label = 0; label < 1000; label += 1) take('a', 1, `l${label}`);
    await clock.advance(MINUTE_MS);
    const counts = reports[0]?.[0]?.countByLabel ?? {};
    expect(Object.keys(counts)).toHaveLength(21);
    expect(counts).toMatchObject({ l0: 1, l19: 1, other: 980 });
  });

  it('reports what it has counted when it ends, and once', async () => {
    const { clock, reports, budget, take } = open(1);
    take('a', 3);
    budget.flush();
    expect(reports).toMatchObject([[{ count: 2 }]]);
    budget.flush();
    await clock.advance(2 * MINUTE_MS);
    expect(reports).toHaveLength(1);
  });
});
