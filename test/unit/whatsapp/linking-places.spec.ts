import { parseAppConfig } from '../../../src/config/app-config.js';
import { LinkingPlaces } from '../../../src/whatsapp/linking-places.js';
import { LinkingBusy, TooManyLinkings } from '../../../src/whatsapp/whatsapp.errors.js';
import { ManualClock } from '../../support/manual-clock.js';

const WAIT_MS = 50_000;

describe('the places of phones that are being linked', () => {
  let clock: ManualClock;
  let places: LinkingPlaces;

  beforeEach(() => {
    clock = new ManualClock();
    places = new LinkingPlaces(parseAppConfig({ LINKING_SESSIONS_PER_ACCOUNT: '3' }), clock);
  });

  const take = (accountId: string, signal = new AbortController().signal) =>
    places.take(accountId, WAIT_MS, signal);
  const takeMany = (count: number, accountId: string) =>
    Promise.all(Array.from({ length: count }, () => take(accountId)));

  it('are so many for an account as the setting says; others of it wait until one is given back', async () => {
    const [giveBack] = await takeMany(3, 'a');
    let isGiven = false;
    const waiting = take('a').then(() => (isGiven = true));
    await clock.advance(1_000);
    expect(isGiven).toBe(false);
    giveBack?.();
    giveBack?.();
    await waiting;
    let isGivenTwice = false;
    void take('a').then(
      () => (isGivenTwice = true),
      () => undefined,
    );
    await clock.advance(1_000);
    expect(isGivenTwice).toBe(false);
  });

  it('are refused to whoever has waited long enough, with the time until the first of its account expires', async () => {
    await takeMany(1, 'a');
    await clock.advance(40_000);
    await takeMany(2, 'a');
    await takeMany(1, 'b');
    const refused = take('a').catch((error: unknown) => error);
    await clock.advance(WAIT_MS);
    expect(await refused).toBeInstanceOf(TooManyLinkings);
    expect(await refused).toMatchObject({ kind: 'rate_limited', retryAfterSeconds: 160 - 90 });
    expect(clock.pendingTimers).toBe(0);
  });

  it('are 200 for all accounts together, given to the accounts one after another', async () => {
    const held = await Promise.all(Array.from({ length: 200 }, (_, n) => take(`account ${n}`)));
    const order: string[] = [];
    for (const account of ['x', 'x', 'x', 'y']) {
      take(account).then(
        () => order.push(account),
        () => undefined,
      );
    }
    await clock.advance(0);
    expect(order).toEqual([]);
    for (let n = 0; n < 3; n += 1) {
      held[n]?.();
      await clock.advance(0);
    }
    expect(order).toEqual(['x', 'y', 'x']);
    const refused = take('z').catch((error: unknown) => error);
    await clock.advance(WAIT_MS);
    expect(await refused).toBeInstanceOf(LinkingBusy);
    expect(await refused).toMatchObject({ kind: 'unavailable', retryAfterSeconds: 160 - 50 });
  });

  it('are not waited for by more than 200 of an account', async () => {
    await takeMany(3, 'a');
    const waiting = Array.from({ length: 200 }, () => take('a').catch((error: unknown) => error));
    await expect(take('a')).rejects.toBeInstanceOf(TooManyLinkings);
    await clock.advance(WAIT_MS);
    await Promise.all(waiting);
  });

  it('are not kept for whoever stops waiting', async () => {
    const [giveBack] = await takeMany(3, 'a');
    const caller = new AbortController();
    const left = take('a', caller.signal);
    caller.abort(new Error('left'));
    await expect(left).rejects.toThrow('left');
    giveBack?.();
    await take('a');
    expect(clock.pendingTimers).toBe(0);
  });
});
