import { isDeepStrictEqual } from 'node:util';
import type { ConnectionState } from '@whiskeysockets/baileys';
import type { Clock } from '../../common/time/clock.js';
import { closedUntil, type Restriction } from '../whatsapp-signals.js';
import { WhatsAppRestricted } from '../whatsapp.errors.js';
import { refusalReason } from './refusal-reasons.js';

type ReachoutLock = NonNullable<ConnectionState['reachoutTimeLock']>;

/** Whoever was refused does not wait longer for WhatsApp to say whether the account is meant. */
const QUESTION_MS = 3_000;

const RATE_LIMITED = 429;

export type StandingNews =
  ({ readonly type: 'restricted' } & Restriction) | { readonly type: 'unrestricted' };

interface StandingTools {
  readonly clock: Clock;
  /** How long an account is left alone when WhatsApp does not tell the end of a restriction. */
  readonly restrictionPauseMs: number;
  /** `fetchAccountReachoutTimelock` of the open socket; reads the state and reaches out to nobody. */
  readonly askForLock: () => Promise<ReachoutLock>;
}

/**
 * Whether WhatsApp lets the account reach out. It lives in memory, so that it holds from the moment of a refusal on;
 * the row of the instance, which the news reaches a little later, is what outlives the process.
 *
 * A time-lock does not concern contacts whose trust token is held (Wavoip PR 34), until one of them is refused all the same,
 * which was seen too (Baileys issue 2698). A pause of our own concerns everybody.
 */
export class AccountStanding {
  /** The reach-out time-lock. */
  private lockedUntil: Date | undefined;
  /** Since when contacts with a token may be called during the lock; `undefined`: they may not. */
  private contactsFrom: Date | undefined;
  /** End of a pause of our own, after a refusal whose end is not known. */
  private pausedUntil: Date | undefined;
  private question: Promise<ReachoutLock | undefined> | undefined;
  /** Something was heard, so that what an earlier process knew is out of date. */
  private informed = false;

  constructor(
    private readonly tools: StandingTools,
    private readonly tell: (news: StandingNews) => void,
  ) {}

  /** Resolves when nothing is being asked; what comes back then is known. */
  async settled(): Promise<void> {
    while (this.question) await this.question;
  }

  /** @param holdsToken a good trust token of the contact in question is held */
  isFree(holdsToken: boolean): boolean {
    return this.question === undefined && this.closedUntil(holdsToken) === undefined;
  }

  /** @param holdsToken as for `isFree` @throws WhatsAppRestricted */
  requireFree(holdsToken: boolean): void {
    const now = this.tools.clock.now();
    const { restriction } = this;
    const refusal = restriction && WhatsAppRestricted.during(restriction, holdsToken, now);
    if (refusal) throw refusal;
    if (this.question) throw WhatsAppRestricted.known(new Date(now.getTime() + QUESTION_MS), now);
  }

  /** Takes what an earlier process has stored, unless something was heard here. */
  restore(stored: Restriction | null): void {
    if (this.informed || !stored) return;
    this.informed = true;
    const { until, contactsFrom } = stored;
    this.lockedUntil = until;
    this.contactsFrom = contactsFrom ?? undefined;
    this.pausedUntil = contactsFrom ?? undefined;
  }

  /** A phone was linked: what is known may be about another account. */
  reset(): void {
    this.forget();
    this.informed = true;
  }

  /** Another process goes on with the session, and will know more. */
  forget(): void {
    this.lockedUntil = undefined;
    this.contactsFrom = undefined;
    this.pausedUntil = undefined;
    this.informed = false;
  }

  /**
   * Takes what WhatsApp tells by itself. It is believed at once when it locks the account. An empty notice looks like a
   * lifted lock in Baileys 7.0.0-rc14 and means nothing, so a lift counts only when WhatsApp says so again.
   */
  notice(lock: ReachoutLock): void {
    if (lock.isActive) this.lock(lock);
    else if (!this.question) void this.confirmLift();
  }

  /**
   * Finds out what a refusal means: the account must be left alone, which is told, or only this contact. Nothing else
   * is sent meanwhile.
   * @param code 463 or 429
   * @param holdsToken as for `isFree`, of the contact who was to be reached
   */
  async refusal(code: number, holdsToken = false): Promise<WhatsAppRestricted> {
    const lock = await this.ask();
    if (lock?.isActive) this.lock(lock, holdsToken || code === RATE_LIMITED);
    else if (lock && code !== RATE_LIMITED) return WhatsAppRestricted.contact(code, this.tools.clock.now());
    else this.pause(holdsToken);
    // After the pause began: one that lasts ten seconds is never reported as eleven.
    const now = this.tools.clock.now();
    const until = this.closedUntil(holdsToken) ?? now;
    const isLocked = holdsToken && code !== RATE_LIMITED;
    const reason = isLocked ? 'reaching out is locked, also to known contacts' : refusalReason(code);
    return WhatsAppRestricted.account(reason, until, code, now);
  }

  private get restriction(): Restriction | undefined {
    const pausedMs = this.pausedUntil?.getTime() ?? 0;
    const untilMs = Math.max(this.lockedUntil?.getTime() ?? 0, pausedMs);
    if (untilMs <= this.tools.clock.now().getTime()) return undefined;
    const fromMs = Math.max(this.contactsFrom?.getTime() ?? Infinity, pausedMs);
    return { until: new Date(untilMs), contactsFrom: fromMs < untilMs ? new Date(fromMs) : null };
  }

  /** `undefined`: the contact may be reached. */
  private closedUntil(holdsToken: boolean): Date | undefined {
    const { restriction } = this;
    return restriction && closedUntil(restriction, holdsToken, this.tools.clock.now());
  }

  /** @param closesToContacts somebody was refused whose token is held */
  private lock({ timeEnforcementEnds: end }: ReachoutLock, closesToContacts = false): void {
    const now = this.tools.clock.now();
    const wasLocked = this.lockedUntil !== undefined && this.lockedUntil > now;
    const isKnown = end !== undefined && end > now;
    this.change(() => {
      if (isKnown || !wasLocked) this.lockedUntil = isKnown ? end : this.endOfPause();
      if (!wasLocked) this.contactsFrom = now;
      if (closesToContacts) this.contactsFrom = undefined;
    });
  }

  /** @param closesToContacts as for `lock`, if one is in force */
  private pause(closesToContacts: boolean): void {
    this.change(() => {
      this.pausedUntil = this.endOfPause();
      if (closesToContacts) this.contactsFrom = undefined;
    });
  }

  private change(work: () => void): void {
    this.informed = true;
    const before = this.restriction;
    work();
    const { restriction } = this;
    if (restriction && !isDeepStrictEqual(restriction, before))
      this.tell({ type: 'restricted', ...restriction });
  }

  private endOfPause(): Date {
    return new Date(this.tools.clock.now().getTime() + this.tools.restrictionPauseMs);
  }

  /** Told even when nothing is known here: the row of the instance may know of a lock from before a restart. */
  private async confirmLift(): Promise<void> {
    const lock = await this.ask();
    if (!lock || lock.isActive) return;
    this.informed = true;
    this.lockedUntil = undefined;
    const { restriction } = this;
    this.tell(restriction ? { type: 'restricted', ...restriction } : { type: 'unrestricted' });
  }

  /** One question at a time, whoever wants to know; `undefined`: no answer in time. */
  private ask(): Promise<ReachoutLock | undefined> {
    this.question ??= this.askOnce().finally(() => (this.question = undefined));
    return this.question;
  }

  private askOnce(): Promise<ReachoutLock | undefined> {
    return new Promise((resolve) => {
      const timer = this.tools.clock.schedule(QUESTION_MS, () => resolve(undefined));
      const answer = (lock: ReachoutLock | undefined): void => {
        timer.cancel();
        resolve(lock);
      };
      this.tools.askForLock().then(answer, () => answer(undefined));
    });
  }
}
