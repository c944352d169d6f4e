import { beforeEach, describe, expect, it } from '@jest/globals';
import { AccountStanding, type StandingNews } from '../../../../src/whatsapp/baileys/account-standing.js';
import { ManualClock } from '../../../support/manual-clock.js';

const PAUSE_MS = 900_000;
const LOCK_MS = 3_600_000;

type Lock = { isActive: boolean; timeEnforcementEnds?: Date };

/** What WhatsApp answers when it is asked for the lock; `undefined`: nothing. */
let answer: Lock | undefined;
let clock: ManualClock;
let told: StandingNews[];

beforeEach(() => {
  clock = new ManualClock();
  told = [];
  answer = undefined;
});

function newStanding(): AccountStanding {
  const askForLock = () => (answer ? Promise.resolve(answer) : new Promise<Lock>(() => undefined));
  const tools = { clock, restrictionPauseMs: PAUSE_MS, askForLock };
  return new AccountStanding(tools, (news) => told.push(news));
}

const inMs = (ms: number) => new Date(clock.now().getTime() + ms);

/** A standing under a lock that WhatsApp has told of. */
function locked(ms = LOCK_MS): AccountStanding {
  const standing = newStanding();
  answer = { isActive: true, timeEnforcementEnds: inMs(ms) };
  standing.notice(answer);
  told.splice(0);
  return standing;
}

async function refused(standing: AccountStanding, code: number, holdsToken: boolean) {
  const refusal = standing.refusal(code, holdsToken);
  await clock.advance(answer ? 0 : 3_000);
  return refusal;
}

/** Who may be called: contacts with a token, strangers. */
const admits = (standing: AccountStanding) => [standing.isFree(true), standing.isFree(false)];

describe('contacts whose trust token is held', () => {
  it('may be called during a time-lock, and nobody else', () => {
    const standing = locked();
    expect(admits(standing)).toEqual([true, false]);
    expect(() => standing.requireFree(true)).not.toThrow();
    expect(() => standing.requireFree(false)).toThrow('no calls to new contacts until');
  });

  it('stay so when a stranger is refused', async () => {
    const standing = locked();
    await refused(standing, 463, false);
    expect(admits(standing)).toEqual([true, false]);
    expect(told).toEqual([]);
  });

  it('may not be called any more until the end of the lock when one of them is refused with 463', async () => {
    const standing = locked();
    const until = inMs(LOCK_MS);
    const refusal = await refused(standing, 463, true);
    expect(refusal).toMatchObject({ until, failureCode: 463 });
    expect(refusal.message).toBe(
      'WhatsApp restricted this account: reaching out is locked, also to known contacts (463)',
    );
    expect(told).toEqual([{ type: 'restricted', until, contactsFrom: null }]);
    expect(() => standing.requireFree(true)).toThrow(`no calls until ${until.toISOString()}`);
    expect(() => standing.requireFree(false)).toThrow(`no calls until ${until.toISOString()}`);
    await clock.advance(until.getTime() - clock.now().getTime());
    expect(admits(standing)).toEqual([true, true]);
    standing.notice({ isActive: true, timeEnforcementEnds: inMs(LOCK_MS) });
    expect(admits(standing)).toEqual([true, false]);
  });

  it('may not be called when one of them is refused, the lock is known, and WhatsApp does not answer', async () => {
    const standing = locked();
    const until = inMs(LOCK_MS);
    answer = undefined;
    await refused(standing, 463, true);
    expect(told).toEqual([{ type: 'restricted', until, contactsFrom: null }]);
    await clock.advance(PAUSE_MS);
    expect(admits(standing)).toEqual([false, false]);
  });

  it('stay closed when the lock is extended, until WhatsApp lifts it', async () => {
    const standing = locked();
    await refused(standing, 463, true);
    standing.notice({ isActive: true, timeEnforcementEnds: inMs(2 * LOCK_MS) });
    expect(admits(standing)).toEqual([false, false]);
    answer = { isActive: false };
    standing.notice(answer);
    await standing.settled();
    expect(admits(standing)).toEqual([true, true]);
    expect(told.at(-1)).toEqual({ type: 'unrestricted' });
  });

  it('are only one contact when one of them is refused without a lock', async () => {
    const standing = newStanding();
    answer = { isActive: false };
    expect(await refused(standing, 463, true)).toMatchObject({ until: null });
    expect(admits(standing)).toEqual([true, true]);
    expect(told).toEqual([]);
  });

  it('may not be called after a 429, whoever was called, and also during a lock', async () => {
    const standing = newStanding();
    answer = { isActive: false };
    await refused(standing, 429, false);
    expect(admits(standing)).toEqual([false, false]);
    const during = locked();
    await refused(during, 429, false);
    expect(admits(during)).toEqual([false, false]);
    expect(told.at(-1)).toMatchObject({ contactsFrom: null });
  });

  it('may be called from the end of a pause on, where a lock goes on', async () => {
    const standing = newStanding();
    answer = { isActive: false };
    await refused(standing, 429, false);
    const paused = inMs(PAUSE_MS);
    standing.notice({ isActive: true, timeEnforcementEnds: inMs(LOCK_MS) });
    expect(told.at(-1)).toEqual({ type: 'restricted', until: inMs(LOCK_MS), contactsFrom: paused });
    expect(() => standing.requireFree(true)).toThrow(`no calls until ${paused.toISOString()}`);
    await clock.advance(PAUSE_MS);
    expect(admits(standing)).toEqual([true, false]);
  });

  it('wait too while WhatsApp is asked', () => {
    const standing = locked();
    answer = undefined;
    void standing.refusal(463);
    expect(admits(standing)).toEqual([false, false]);
    expect(() => standing.requireFree(true)).toThrow('no calls until');
  });
});

describe('what an earlier process has stored', () => {
  const stored = (contactsFromMs: number | null) => ({
    until: inMs(LOCK_MS),
    contactsFrom: contactsFromMs === null ? null : inMs(contactsFromMs),
  });

  it.each([
    ['a lock that spares contacts', -1_000, [true, false]],
    ['a lock that does not', null, [false, false]],
    ['a lock with a pause in it', PAUSE_MS, [false, false]],
  ])('counts: %s', (_, contactsFromMs, admitted) => {
    const standing = newStanding();
    standing.restore(stored(contactsFromMs));
    expect(admits(standing)).toEqual(admitted);
    expect(told).toEqual([]);
  });

  it('spares contacts from the end of its pause on', async () => {
    const standing = newStanding();
    standing.restore(stored(PAUSE_MS));
    await clock.advance(PAUSE_MS);
    expect(admits(standing)).toEqual([true, false]);
    await clock.advance(LOCK_MS - PAUSE_MS);
    expect(admits(standing)).toEqual([true, true]);
  });

  it('is not shortened by a pause that comes on top', async () => {
    const standing = newStanding();
    const restriction = stored(-1_000);
    standing.restore(restriction);
    await refused(standing, 463, true); // and WhatsApp does not say whether there is a lock
    expect(told).toEqual([{ type: 'restricted', until: restriction.until, contactsFrom: null }]);
  });

  it.each<[string, (standing: AccountStanding) => Promise<void> | void]>([
    [
      'a lift',
      async (standing) => {
        answer = { isActive: false };
        standing.notice(answer);
        await standing.settled();
      },
    ],
    ['another phone', (standing) => standing.reset()],
  ])('does not count after %s was heard of', async (_, hear) => {
    const standing = newStanding();
    await hear(standing);
    standing.restore(stored(null));
    expect(admits(standing)).toEqual([true, true]);
  });

  it('counts once more after another process had the session', () => {
    const standing = locked();
    standing.forget();
    expect(admits(standing)).toEqual([true, true]);
    standing.restore(stored(null));
    expect(admits(standing)).toEqual([false, false]);
  });

  it('may be nothing', () => {
    const standing = newStanding();
    standing.restore(null);
    standing.restore(stored(null));
    expect(admits(standing)).toEqual([false, false]);
  });
});
