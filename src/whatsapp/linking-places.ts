import { Injectable } from '@nestjs/common';
import { FairTurns, QueueFull, type Turn } from '../common/async/fair-turns.js';
import { Clock } from '../common/time/clock.js';
import { AppConfig } from '../config/app-config.js';
import { LinkingBusy, TooManyLinkings } from './whatsapp.errors.js';

/** Of all accounts, unless one account may have more. */
const PLACES = 200;
const WAITING_PER_ACCOUNT = 200;

/**
 * WhatsApp shows a QR code for a minute and up to five more for 20 seconds each, and takes a pairing code back after about the same
 * time (Baileys 7.0.0-rc14). No attempt to link is kept longer.
 */
export const LONGEST_LINKING_MS = 160_000;

interface Held {
  readonly accountId: string;
  readonly endsAtMs: number;
}

/**
 * Phones that are being linked at a time. Each is a socket that nobody has paid for yet, so one account gets only so many in this
 * process; the others wait for their turn, fairly between accounts.
 */
@Injectable()
export class LinkingPlaces {
  private readonly turns: FairTurns<string>;
  private readonly perAccount: number;
  private readonly held = new Map<Turn, Held>();

  constructor(
    { linkingSessionsPerAccount }: AppConfig,
    private readonly clock: Clock,
  ) {
    this.perAccount = linkingSessionsPerAccount;
    this.turns = new FairTurns({
      places: Math.max(PLACES, linkingSessionsPerAccount),
      placesPerKey: linkingSessionsPerAccount,
      waitingPerKey: WAITING_PER_ACCOUNT,
    });
  }

  /**
   * Waits for a place, at most `waitMs`. Returns what gives it back, which may be called twice.
   * @throws TooManyLinkings, LinkingBusy, the reason of the abort
   */
  async take(accountId: string, waitMs: number, signal: AbortSignal): Promise<() => void> {
    const late = new AbortController();
    const timer = this.clock.schedule(waitMs, () => late.abort(this.refusalOf(accountId)));
    try {
      const turn = await this.turns.take(accountId, AbortSignal.any([late.signal, signal]));
      this.held.set(turn, { accountId, endsAtMs: this.clock.monotonicMs() + LONGEST_LINKING_MS });
      return () => {
        this.held.delete(turn);
        turn.end();
      };
    } catch (error) {
      throw error instanceof QueueFull ? this.refusalOf(accountId) : error;
    } finally {
      timer.cancel();
    }
  }

  private refusalOf(accountId: string): TooManyLinkings | LinkingBusy {
    const held = [...this.held.values()];
    const own = held.filter((one) => one.accountId === accountId);
    return own.length >= this.perAccount
      ? new TooManyLinkings(this.secondsUntilOneEnds(own))
      : new LinkingBusy(this.secondsUntilOneEnds(held));
  }

  /** At the latest. */
  private secondsUntilOneEnds(held: readonly Held[]): number {
    return (Math.min(...held.map(({ endsAtMs }) => endsAtMs)) - this.clock.monotonicMs()) / 1000;
  }
}
