import { reachoutNotice } from './reachout-lock.js';
import type { ReachoutNotice } from './types.js';
import type { World } from './world.js';

/** Limits that the server puts on accounts. */
export class AccountLimits {
  constructor(private readonly world: World) {}

  /**
   * Until when the account may not start new chats (epoch seconds); `undefined` lifts the lock. Offers without a token are
   * refused with 463 meanwhile, and unless it spares contacts, those with one too.
   */
  lockReachout(number: string, untilEpochSeconds: number | undefined, sparesContacts = true): void {
    const account = this.world.directory.ensure(number);
    account.reachoutLockedUntil = untilEpochSeconds;
    account.reachoutLockSparesContacts = sparesContacts;
  }

  /** Tells the account's sessions about its lock, as `lockReachout` left it. */
  noticeReachoutLock(number: string, form: ReachoutNotice = 'complete'): void {
    const notice = reachoutNotice(this.world.directory.ensure(number), form);
    for (const connection of this.world.sessions.ofNumber(number)) connection.send(notice);
  }

  /** Until when (epoch milliseconds) every offer of the account is refused with 429; `undefined` lifts it. */
  limitCalls(number: string, untilEpochMs: number | undefined): void {
    this.world.directory.ensure(number).callsLimitedUntil = untilEpochMs;
  }
}
