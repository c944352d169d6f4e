import type { ConnectionState } from '@whiskeysockets/baileys';
import type { Clock } from '../../common/time/clock.js';
import { WhatsAppRestricted } from '../whatsapp.errors.js';
import { refusalReason } from './refusal-reasons.js';

type ReachoutLock = NonNullable<ConnectionState['reachoutTimeLock']>;

/** Whoever was refused does not wait longer for WhatsApp to say whether the account is meant. */
const QUESTION_MS = 3_000;

const RATE_LIMITED = 429;

export type StandingNews =
  { readonly type: 'restricted'; readonly until: Date } | { readonly type: 'unrestricted' };

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
 */
export class AccountStanding {
  /** End of the reach-out time-lock. */
  private lockedUntil: Date | undefined;
  /** End of a pause of our own, after a refusal whose end is not known. */
  private pausedUntil: Date | undefined;
  private question: Promise<ReachoutLock | undefined> | undefined;

  constructor(
    private readonly tools: StandingTools,
    private readonly tell: (news: StandingNews) => void,
  ) {}

  /** Resolves when nothing is being asked; what comes back then is known. */
  async settled(): Promise<void> {
    while (this.question) await this.question;
  }

  get isFree(): boolean {
    return this.question === undefined && this.restrictedUntil === undefined;
  }

  /** @throws WhatsAppRestricted */
  requireFree(): void {
    const now = this.tools.clock.now();
    const until = this.restrictedUntil ?? (this.question && new Date(now.getTime() + QUESTION_MS));
    if (until) throw WhatsAppRestricted.known(until, now);
  }

  /** A phone was linked: what is known may be about another account. */
  reset(): void {
    this.lockedUntil = undefined;
    this.pausedUntil = undefined;
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
   */
  async refusal(code: number): Promise<WhatsAppRestricted> {
    const lock = await this.ask();
    const { clock } = this.tools;
    if (lock?.isActive) this.lock(lock);
    else if (lock && code !== RATE_LIMITED) {
      const detail = `this contact must write to or call the account first (${code})`;
      return new WhatsAppRestricted(detail, null, code, clock.now());
    } else this.pause();
    const until = this.restrictedUntil ?? null;
    return new WhatsAppRestricted(`${refusalReason(code)} (${code})`, until, code, clock.now());
  }

  private get restrictedUntil(): Date | undefined {
    const now = this.tools.clock.now().getTime();
    const latest = Math.max(this.lockedUntil?.getTime() ?? 0, this.pausedUntil?.getTime() ?? 0);
    return latest > now ? new Date(latest) : undefined;
  }

  private lock({ timeEnforcementEnds }: ReachoutLock): void {
    const now = this.tools.clock.now();
    const isKnown = timeEnforcementEnds !== undefined && timeEnforcementEnds > now;
    if (!isKnown && this.lockedUntil && this.lockedUntil > now) return;
    this.change(() => (this.lockedUntil = isKnown ? timeEnforcementEnds : this.endOfPause()));
  }

  private pause(): void {
    this.change(() => (this.pausedUntil = this.endOfPause()));
  }

  private change(work: () => void): void {
    const before = this.restrictedUntil;
    work();
    const until = this.restrictedUntil;
    if (until && until.getTime() !== before?.getTime()) this.tell({ type: 'restricted', until });
  }

  private endOfPause(): Date {
    return new Date(this.tools.clock.now().getTime() + this.tools.restrictionPauseMs);
  }

  /** Told even when nothing is known here: the row of the instance may know of a lock from before a restart. */
  private async confirmLift(): Promise<void> {
    const lock = await this.ask();
    if (!lock || lock.isActive) return;
    this.lockedUntil = undefined;
    const until = this.restrictedUntil;
    this.tell(until ? { type: 'restricted', until } : { type: 'unrestricted' });
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
