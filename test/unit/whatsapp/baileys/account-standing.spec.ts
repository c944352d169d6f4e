import { beforeEach, describe, expect, it } from '@jest/globals';
import { AccountStanding, type StandingNews } from '../../../../src/whatsapp/baileys/account-standing.js';
import { WhatsAppRestricted } from '../../../../src/whatsapp/whatsapp.errors.js';
import { ManualClock } from '../../../support/manual-clock.js';

const PAUSE_MS = 900_000;

type Answer = { isActive: boolean; timeEnforcementEnds?: Date };

describe('the standing of an account', () => {
  let clock: ManualClock;
  let told: StandingNews[];
  let questions: { answer: (lock: Answer) => void; fail: (cause: Error) => void }[];
  let standing: AccountStanding;

  beforeEach(() => {
    clock = new ManualClock();
    told = [];
    questions = [];
    const askForLock = () =>
      new Promise<Answer>((answer, fail) => {
        questions.push({ answer, fail });
      });
    standing = new AccountStanding({ clock, restrictionPauseMs: PAUSE_MS, askForLock }, (news) =>
      told.push(news),
    );
  });

  const inMs = (ms: number) => new Date(clock.now().getTime() + ms);

  /** What a refusal turns out to mean when WhatsApp answers this; no answer when none is given. */
  async function refusedWith(code: number, answer?: Answer): Promise<WhatsAppRestricted> {
    const refusal = standing.refusal(code);
    if (answer) questions.at(-1)?.answer(answer);
    else await clock.advance(3_000);
    return refusal;
  }

  it('is free until something is heard', async () => {
    await standing.settled();
    expect(() => standing.requireFree(false)).not.toThrow();
    expect(standing.isFree(false)).toBe(true);
  });

  it('is restricted until the end of the time-lock when a refusal with 463 comes from one', async () => {
    const until = inMs(3_600_000);
    const refusal = await refusedWith(463, { isActive: true, timeEnforcementEnds: until });
    expect(refusal).toMatchObject({ until, failureCode: 463, retryAfterSeconds: 3_600 });
    expect(told).toEqual([{ type: 'restricted', until, contactsFrom: clock.now() }]);
    await clock.advance(3_599_999);
    expect(() => standing.requireFree(false)).toThrow(
      `no calls to new contacts until ${until.toISOString()}`,
    );
    await clock.advance(1);
    expect(() => standing.requireFree(false)).not.toThrow();
  });

  it('never tells a pause as longer than it is, though time goes by in between', async () => {
    let at = clock.now().getTime();
    clock.now = () => new Date(at++);
    const { retryAfterSeconds } = await refusedWith(429, { isActive: false });
    expect(retryAfterSeconds).toBe(PAUSE_MS / 1000);
  });

  it('stays free when a refusal with 463 comes without a time-lock: only the contact is meant', async () => {
    const refusal = await refusedWith(463, { isActive: false });
    expect(refusal).toMatchObject({ until: null, failureCode: 463 });
    expect(refusal.message).toBe(
      'WhatsApp refused this contact: they must call or write to this number first (463)',
    );
    expect(refusal.retryAfterSeconds).toBeUndefined();
    expect(told).toEqual([]);
    expect(standing.isFree(false)).toBe(true);
  });

  it.each([
    ['a refusal with 429', 429, { isActive: false }, false],
    ['a 463 about which WhatsApp does not answer', 463, undefined, false],
    ['a time-lock without an end', 463, { isActive: true }, true],
    ['a time-lock that is over already', 463, { isActive: true, timeEnforcementEnds: new Date(0) }, true],
    ['a time-lock with an unreadable end', 463, { isActive: true, timeEnforcementEnds: new Date(NaN) }, true],
  ])('is left alone for the assumed time after %s', async (_, code, answer, sparesContacts) => {
    const refusal = await refusedWith(code, answer);
    const until = inMs(PAUSE_MS);
    expect(refusal).toMatchObject({ until, retryAfterSeconds: PAUSE_MS / 1000 });
    expect(told).toEqual([{ type: 'restricted', until, contactsFrom: sparesContacts ? clock.now() : null }]);
    expect(standing.isFree(true)).toBe(sparesContacts);
  });

  it('takes the known end of a time-lock for a refusal with 429 too', async () => {
    const until = inMs(60_000);
    expect(await refusedWith(429, { isActive: true, timeEnforcementEnds: until })).toMatchObject({ until });
  });

  it('lets nothing leave while WhatsApp is asked, and asks once for several refusals', async () => {
    const both = [standing.refusal(463), standing.refusal(463)];
    expect(questions).toHaveLength(1);
    expect(() => standing.requireFree(false)).toThrow(WhatsAppRestricted);
    const settled = standing.settled();
    questions[0]?.answer({ isActive: false });
    await settled;
    expect(standing.isFree(false)).toBe(true);
    for (const refusal of both) expect((await refusal).until).toBeNull();
  });

  it('believes a notice that locks at once, once', () => {
    const until = inMs(60_000);
    standing.notice({ isActive: true, timeEnforcementEnds: until });
    standing.notice({ isActive: true, timeEnforcementEnds: until });
    expect(told).toEqual([{ type: 'restricted', until, contactsFrom: clock.now() }]);
    expect(standing.isFree(false)).toBe(false);
  });

  it('follows a notice that moves the end forward or back', () => {
    standing.notice({ isActive: true, timeEnforcementEnds: inMs(60_000) });
    standing.notice({ isActive: true, timeEnforcementEnds: inMs(30_000) });
    expect(told.at(-1)).toMatchObject({ type: 'restricted', until: inMs(30_000) });
  });

  it('is lifted by a notice only when WhatsApp says so again', async () => {
    const until = inMs(60_000);
    standing.notice({ isActive: true, timeEnforcementEnds: until });
    standing.notice({ isActive: false });
    questions[0]?.answer({ isActive: true, timeEnforcementEnds: until });
    await standing.settled();
    expect(() => standing.requireFree(false)).toThrow(WhatsAppRestricted);
    standing.notice({ isActive: false });
    questions[1]?.answer({ isActive: false });
    await standing.settled();
    expect(standing.isFree(false)).toBe(true);
    expect(told.map(({ type }) => type)).toEqual(['restricted', 'unrestricted']);
  });

  it('keeps the lock when the question about a lift fails', async () => {
    standing.notice({ isActive: true, timeEnforcementEnds: inMs(60_000) });
    standing.notice({ isActive: false });
    questions[0]?.fail(new Error('Connection Closed'));
    await standing.settled();
    expect(() => standing.requireFree(false)).toThrow(WhatsAppRestricted);
    expect(clock.pendingTimers).toBe(0);
  });

  it('goes on with the pause for too many calls when a time-lock is lifted', async () => {
    await refusedWith(429, { isActive: false });
    const paused = inMs(PAUSE_MS);
    standing.notice({ isActive: true, timeEnforcementEnds: inMs(2 * PAUSE_MS) });
    standing.notice({ isActive: false });
    questions.at(-1)?.answer({ isActive: false });
    await standing.settled();
    expect(told.at(-1)).toEqual({ type: 'restricted', until: paused, contactsFrom: null });
  });

  it('says nothing about another phone', () => {
    standing.notice({ isActive: true, timeEnforcementEnds: inMs(60_000) });
    standing.reset();
    expect(standing.isFree(false)).toBe(true);
  });
});
