import { dependsOnToken, refusalOf } from '../../../src/calls/place/call-limits.js';

const now = new Date('2026-01-01T00:00:00.000Z');
const instance = {
  id: 'i',
  accountId: 'a',
  name: 'shop',
  isLinked: true,
  maxConcurrentCalls: 2,
  minSecondsBetweenCalls: 0,
  numberCooldownSeconds: 0,
  restriction: null,
};
const quiet = { liveCalls: 0, firstEndInMs: () => undefined, lastCallAt: null, lastCallToNumberAt: null };

describe('letting a call in', () => {
  it('lets calls that ask at once in, although one that asked later may be in before', () => {
    const lastCallAt = new Date(now.getTime() + 40);
    expect(refusalOf(instance, { ...quiet, liveCalls: 1, lastCallAt }, now, false)).toBeUndefined();
  });

  it('tells at least one second, however soon a place is free', () => {
    for (const firstEndInMs of [0, -5_000, 1]) {
      expect(
        refusalOf(instance, { ...quiet, liveCalls: 2, firstEndInMs: () => firstEndInMs }, now, false),
      ).toMatchObject({
        retryAfterSeconds: 1,
      });
    }
  });

  it('says nothing about when a place is free as long as no call has an end', () => {
    const refusal = refusalOf(instance, { ...quiet, liveCalls: 2 }, now, false);
    expect(refusal).toMatchObject({ code: 'too_many_calls' });
    expect(refusal?.retryAfterSeconds).toBeUndefined();
  });

  it('counts a pause to the millisecond', () => {
    const paced = { ...instance, minSecondsBetweenCalls: 30 };
    const lastCallAt = new Date(now.getTime() - 29_999);
    expect(refusalOf(paced, { ...quiet, lastCallAt }, now, false)).toMatchObject({ retryAfterSeconds: 1 });
    expect(refusalOf(paced, { ...quiet, lastCallAt }, new Date(now.getTime() + 1), false)).toBeUndefined();
  });

  describe('while WhatsApp restricts the account', () => {
    const inMs = (ms: number) => new Date(now.getTime() + ms);
    const message = (calls: string, end: Date) =>
      `WhatsApp restricted this account: no ${calls} until ${end.toISOString()}`;
    const until = inMs(60_000);

    /** `contact`, `stranger`: what the call hears; `undefined` = it may start. */
    it.each([
      ['a lock that spares contacts', inMs(-1_000), undefined, message('calls to new contacts', until)],
      ['a lock that spares nobody', null, message('calls', until), message('calls', until)],
      [
        'a pause within a lock',
        inMs(10_000),
        message('calls', inMs(10_000)),
        message('calls to new contacts', until),
      ],
      [
        'a lock within a pause',
        inMs(90_000),
        message('calls', until),
        message('calls to new contacts', until),
      ],
    ])('asks for the token of the callee where it matters: %s', (_, contactsFrom, contact, stranger) => {
      const restricted = { ...instance, restriction: { until, contactsFrom } };
      expect(dependsOnToken(restricted, now)).toBe(contact === undefined);
      expect(refusalOf(restricted, quiet, now, true)?.message).toBe(contact);
      expect(refusalOf(restricted, quiet, now, false)?.message).toBe(stranger);
    });

    it('forgets a restriction that is over', () => {
      for (const contactsFrom of [null, now]) {
        const restricted = { ...instance, restriction: { until: now, contactsFrom } };
        expect(dependsOnToken(restricted, now)).toBe(false);
        expect(refusalOf(restricted, quiet, now, false)).toBeUndefined();
      }
    });
  });
});
