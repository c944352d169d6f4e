import { DatabaseUnavailable } from '../../../src/common/database/database-unavailable.js';
import { StoredFigure } from '../../../src/metrics/stored-figure.js';
import { ManualClock } from '../../support/manual-clock.js';
import { SilentLog } from '../../support/silent-log.js';

describe('a figure of the database', () => {
  const clock = new ManualClock();
  let log: SilentLog;
  let asked: number;
  beforeEach(() => {
    log = new SilentLog();
    asked = 0;
  });

  it('is asked once for scrapes that come together or within five seconds', async () => {
    const figure = new StoredFigure(() => Promise.resolve((asked += 1)), clock, log);
    expect(await Promise.all([figure.read(), figure.read()])).toEqual([1, 1]);
    await clock.advance(4_999);
    expect(await figure.read()).toBe(1);
    await clock.advance(1);
    expect(await figure.read()).toBe(2);
    expect(clock.pendingTimers).toBe(0);
  });

  it('is waited for no longer than a second, and asked once however often a scrape comes meanwhile', async () => {
    let answer: (value: number) => void = () => undefined;
    const ask = () => {
      asked += 1;
      return new Promise<number>((resolve) => (answer = resolve));
    };
    const figure = new StoredFigure(ask, clock, log);
    const first = figure.read();
    await clock.advance(1_000);
    expect(await first).toBeUndefined();
    const second = figure.read();
    answer(7);
    expect(await second).toBe(7);
    expect(asked).toBe(1);
  });

  it('is missing while it cannot be read, and an outage is not told again', async () => {
    const failures: Error[] = [new DatabaseUnavailable(), new DatabaseUnavailable()];
    const figure = new StoredFigure(
      () => {
        const failure = failures.shift();
        return failure ? Promise.reject(failure) : Promise.resolve(1);
      },
      clock,
      log,
    );
    expect([await figure.read(), await figure.read()]).toEqual([undefined, undefined]);
    expect(log.lines).toEqual([]);
    expect(await figure.read()).toBe(1);
  });

  it('is told in the log, once, when it fails for another reason', async () => {
    const figure = new StoredFigure(() => Promise.reject(new Error('broken')), clock, log);
    await figure.read();
    await figure.read();
    expect(log.sentences('warn')).toEqual(['A figure for the metrics could not be read']);
  });
});
