import { DeliveryPlaces } from '../../../src/deliveries/delivery-places.js';

const holder = (accountId: string, webhookId = accountId) => ({ accountId, webhookId });

/** Rounds of claims in which each account wants as much as it may have. Returns how many places each has. */
function fill(places: DeliveryPlaces, accounts: readonly string[], rounds = 20): number[] {
  const held = new Map(accounts.map((account) => [account, 0]));
  for (let round = 0; round < rounds; round += 1) {
    const limits = places.limits();
    if (!limits) break;
    let left = limits.lanes;
    const most = new Map(
      [...held].map(([account, busy]) => [account, Math.ceil((limits.free + busy) * limits.accountShare)]),
    );
    for (let wanted = 1; wanted <= limits.lanes && left > 0; wanted += 1) {
      for (const account of accounts) {
        const busy = held.get(account) ?? 0;
        if (busy >= Math.min(wanted, most.get(account) ?? 0) || left === 0) continue;
        places.take(holder(account));
        held.set(account, (held.get(account) ?? 0) + 1);
        left -= 1;
      }
    }
  }
  return [...held.values()];
}

const names = (count: number) => Array.from({ length: count }, (_, n) => `greedy${n}`);

describe('the places of deliveries', () => {
  it('are a fifth of all for an account that is alone', () => {
    expect(fill(new DeliveryPlaces(), ['one'])).toEqual([200]);
  });

  it.each([2, 10, 100])('are shared equally by %d accounts that want all, and some remain', (count) => {
    const places = new DeliveryPlaces();
    const shares = fill(places, names(count));
    expect(Math.max(...shares) - Math.min(...shares)).toBeLessThanOrEqual(1);
    expect(places.limits()?.lanes).toBeGreaterThanOrEqual(8);
  });

  it('remain for one who comes after 200 that want all', () => {
    const places = new DeliveryPlaces();
    fill(places, names(200), 1000);
    expect(fill(places, ['late'])[0]).toBeGreaterThan(0);
  });

  it('go from those who hold more than their share to those who come later', () => {
    const places = new DeliveryPlaces();
    fill(places, ['first']);
    expect(places.mayKeep(holder('first'))).toBe(true);
    fill(places, names(5));
    expect(places.mayKeep(holder('first'))).toBe(false);
    for (let n = 0; n < 150; n += 1) places.giveBack(holder('first'));
    expect(places.mayKeep(holder('first'))).toBe(true);
  });

  it('of an account and of a webhook are counted as long as they are held', () => {
    const places = new DeliveryPlaces();
    places.take(holder('a', 'w1'));
    places.take(holder('a', 'w2'));
    expect(places.limits()).toMatchObject({ busyAccounts: { a: 2 }, busyWebhooks: { w1: 1, w2: 1 } });
    places.giveBack(holder('a', 'w1'));
    places.giveBack(holder('a', 'w2'));
    expect(places.limits()).toMatchObject({ busyAccounts: {}, busyWebhooks: {} });
  });

  it('that are all taken allow no claim', () => {
    const places = new DeliveryPlaces();
    for (let n = 0; n < 1000; n += 1) places.take(holder(`a${n}`));
    expect(places.limits()).toBeUndefined();
  });
});
