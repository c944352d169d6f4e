import { pauseMsOf } from '../../../src/deliveries/delivery-outcome.js';

const NOW = new Date('2026-01-31T12:00:00.500Z');

const pause = (retryAfter: string | undefined, status = 429, date?: string) =>
  pauseMsOf({ status, retryAfter, date }, NOW);

describe('how long a receiver wants to be left alone', () => {
  it.each([
    ['1', 1000],
    ['120', 120_000],
    [' 7 ', 7000],
    ['3600', 3_600_000],
    ['3601', 3_600_000],
    ['9'.repeat(400), 3_600_000],
  ])('is told in seconds, %s, and is an hour at most', (retryAfter, expected) => {
    expect(pause(retryAfter)).toBe(expected);
    expect(pause(retryAfter, 503)).toBe(expected);
  });

  it.each(['Sat, 31 Jan 2026 12:01:00 GMT', 'Saturday, 31-Jan-26 12:01:00 GMT', 'Sat Jan 31 12:01:00 2026'])(
    'is told as a date, %s',
    (date) => {
      expect(pause(date)).toBe(59_500);
    },
  );

  it('is an hour at most for a date as well', () => {
    expect(pause('Sun, 01 Feb 2026 12:00:00 GMT')).toBe(3_600_000);
  });

  it.each([
    ['Sun Feb  1 12:00:10 2026', 'Sun, 01 Feb 2026 12:00:00 GMT', 10_000],
    ['Fri, 30 Jan 2026 09:00:10 GMT', 'Fri, 30 Jan 2026 09:00:00 GMT', 10_000],
    ['Sat, 31 Jan 2026 12:00:10 GMT', 'today', 9500],
  ])('is counted by the clock of the receiver where it shows that: %s at %s', (date, its, expected) => {
    expect(pause(date, 503, its)).toBe(expected);
  });

  it.each([
    undefined,
    '',
    '0',
    '-5',
    '+5',
    '1.5',
    '1e3',
    '0x10',
    '5 s',
    '5, 6',
    'soon',
    '2026-01-31T12:01:00Z',
    '31 Jan 2026 12:01:00 GMT',
    'Sat, 31 Jan 2026 12:01:00 PST',
    'Sat, 31 Foo 2026 12:01:00 GMT',
    'Mon, 31 Feb 2026 12:01:00 GMT',
    'Sat, 31 Jan 2026 25:01:00 GMT',
    'Sat, 31 Jan 2026 11:59:00 GMT',
    'Saturday, 31-Jan-99 12:01:00 GMT',
  ])('is not told by %j', (retryAfter) => {
    expect(pause(retryAfter)).toBeUndefined();
  });

  it.each([200, 301, 400, 404, 500, 502, 504])('is not told by the answer %i', (status) => {
    expect(pause('60', status)).toBeUndefined();
  });
});
