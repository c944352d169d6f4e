import { Injectable } from '@nestjs/common';
import { OwnershipLost } from '../../cluster/ownership.errors.js';
import { DatabaseUnavailable } from '../../common/database/database-unavailable.js';
import { Log } from '../../common/logging/log.js';
import { Clock, type Timer } from '../../common/time/clock.js';
import { SessionNotConnected } from '../../whatsapp/whatsapp.errors.js';
import { CallClock } from '../call-clock.js';
import { CallHangUp } from './call-hang-up.js';
import { progress } from '../store/call-progress.js';
import { CALL_STATES } from '../call-state.js';
import { LONGEST_CALL_MS, silentFrom, VERDICT_MS } from '../call-times.js';
import { isPlaced, type Call, type PlacedCall } from '../store/call.entity.js';

const GIVEN_UP = {
  disconnected: 'The connection to WhatsApp was lost, so the phones rang until they stopped by themselves',
  failed: 'The call could not be hung up, so the phones rang until they stopped by themselves',
};

/** No plan reaches further; one of an earlier process may seem to when the clock was set back since. */
const LONGEST_DELAY_MS = VERDICT_MS + LONGEST_CALL_MS;

interface Watched {
  readonly call: PlacedCall;
  readonly timer: Timer;
}

/**
 * Hangs up on time. The timers here are the quick way to notice that a ring is over and need nothing but memory to
 * stop the phones; the column `hang_up_at` and the sweep are the sure one.
 */
@Injectable()
export class CallDeadlines {
  private readonly watched = new Map<string, Watched>();
  /** Rows of the watched calls, by their ids on the wire. */
  private readonly rowIds = new Map<string, string>();
  /** Calls that should have ended and could not be hung up yet. */
  private readonly overdue = new Map<string, PlacedCall>();
  private readonly hangingUp = new Map<string, Promise<void>>();

  constructor(
    private readonly clock: Clock,
    private readonly times: CallClock,
    private readonly hangUps: CallHangUp,
    private readonly log: Log,
  ) {}

  /** Sets the timer of a live call, in place of the one before; ends it for a call that has ended. */
  watch(call: Call): void {
    if (call.state === 'ended') return this.forget(call.id);
    const before = this.watched.get(call.id);
    // News of one call may be written by several at once; what was known earlier must not win over what came later.
    if (!isPlaced(call) || (before && isEarlier(call, before.call))) return;
    before?.timer.cancel();
    this.times.begin(call.id);
    this.times.name(call.id, call.callId);
    this.overdue.delete(call.id);
    const delayMs = Math.min(this.times.msUntil(call.hangUpAt, call.id), LONGEST_DELAY_MS);
    const timer = this.clock.schedule(Math.max(0, delayMs), () => this.onTime(call));
    this.watched.set(call.id, { call, timer });
    this.rowIds.set(call.callId, call.id);
  }

  /**
   * A phone has begun to ring: the time counts from here. Said before it is written down, because on a busy machine the write
   * takes longer than what is left of the time that counts from the acceptance.
   */
  ringing(instanceId: string, callId: string, at: Date): void {
    const call = this.find(instanceId, callId);
    const changes = call && progress(call, { type: 'ringing' }, at);
    if (changes) this.watch({ ...call, ...changes });
  }

  /** This process knows itself when the call ends; its deadline in the database, a time of day, does not count. */
  isTimedHere(call: Call): boolean {
    return this.watched.has(call.id) || this.hangUps.isBeingPlaced(call);
  }

  /** A call that rings here, as this process knows it; `undefined`: it does not. */
  find(instanceId: string, callId: string): PlacedCall | undefined {
    const id = this.rowIds.get(callId);
    const call = id === undefined ? undefined : this.watched.get(id)?.call;
    return call?.instanceId === instanceId ? call : undefined;
  }

  /** Until the first of the calls that are timed here ends, of one instance or of all; `undefined`: none is known. */
  firstEndInMs(instanceId?: string): number | undefined {
    let firstMs: number | undefined;
    for (const { call } of this.watched.values()) {
      if (instanceId !== undefined && call.instanceId !== instanceId) continue;
      firstMs = Math.min(firstMs ?? Infinity, this.times.msUntil(call.hangUpAt, call.id));
    }
    return firstMs;
  }

  /** True while a call ends within this time. */
  someEndWithin(ms: number): boolean {
    return (this.firstEndInMs() ?? Infinity) < ms;
  }

  /** The calls that this process times or has to hang up, of one instance or of all. */
  watchedCalls(instanceId?: string): PlacedCall[] {
    const calls = [...this.watched.values()].map(({ call }) => call).concat([...this.overdue.values()]);
    return instanceId === undefined ? calls : calls.filter((call) => call.instanceId === instanceId);
  }

  forget(callRowId: string): void {
    const watched = this.watched.get(callRowId);
    watched?.timer.cancel();
    if (watched) this.rowIds.delete(watched.call.callId);
    this.watched.delete(callRowId);
    this.overdue.delete(callRowId);
  }

  /** The call is to be hung up as soon as that can be done, by the sweep or with the next connection. */
  postpone(call: PlacedCall): void {
    this.forget(call.id);
    this.overdue.set(call.id, call);
  }

  /** Tries again what could not be hung up, of one instance or of all. */
  hangUpOverdue(instanceId?: string): void {
    for (const call of this.overdue.values()) {
      if (instanceId === undefined || call.instanceId === instanceId) void this.hangUp(call);
    }
  }

  /**
   * Hangs up a call whose time is over. Never rejects: what fails is tried again by the sweep until the phones have
   * stopped by themselves.
   */
  hangUp(call: PlacedCall): Promise<void> {
    const running = this.hangingUp.get(call.id) ?? this.tryToHangUp(call);
    this.hangingUp.set(call.id, running);
    return running.finally(() => this.hangingUp.delete(call.id));
  }

  /** The same for a call as it was read from its row, unless it is timed here. */
  hangUpRead(call: PlacedCall): Promise<void> {
    return this.isTimedHere(call) ? Promise.resolve() : this.hangUp(call);
  }

  /** Stops the phones of a call that is over for everybody else. Never rejects. */
  async stopPhones(call: PlacedCall): Promise<void> {
    try {
      await this.hangUps.stopPhones(call);
    } catch (cause) {
      this.log.warn('The phones of a call could not be stopped', { callId: call.callId, err: cause });
    }
  }

  /** Ends a call before its time. Never rejects; without a connection the call stays as it is. */
  async cancel(call: PlacedCall, reason: string): Promise<void> {
    this.forget(call.id);
    try {
      await this.hangUps.hangUp(call, { type: 'cancelled', reason });
    } catch (cause) {
      this.log.warn('A call could not be cancelled', { callId: call.callId, err: cause });
    }
  }

  /**
   * On a busy machine the timer may get its turn before a stanza that came earlier: that a phone has begun to ring, from which
   * the time counts. What has come is read before the next turn.
   */
  private onTime(call: PlacedCall): void {
    if (call.ringingAt) return void this.hangUp(call);
    this.watched.set(call.id, { call, timer: this.clock.schedule(0, () => void this.hangUp(call)) });
  }

  private async tryToHangUp(call: PlacedCall): Promise<void> {
    try {
      this.forget(call.id);
      await this.hangUps.hangUp(call, { type: 'hung_up' });
    } catch (cause) {
      await this.onFailure(call, cause);
    }
  }

  private async onFailure(call: PlacedCall, cause: unknown): Promise<void> {
    // The phones were stopped; the journal writes it down when the database is back.
    if (cause instanceof DatabaseUnavailable) return;
    // Another process goes on with the call.
    if (cause instanceof OwnershipLost) return;
    const { callId, instanceId } = call;
    const expected = cause instanceof SessionNotConnected;
    if (!expected) this.log.warn('A call could not be hung up', { callId, instanceId, err: cause });
    if (this.times.msUntil(silentFrom(call), call.id) > 0) return this.postpone(call);
    try {
      await this.hangUps.giveUp(call, expected ? GIVEN_UP.disconnected : GIVEN_UP.failed);
    } catch (err) {
      // It is stored later, or by whoever holds the instance now.
      if (err instanceof DatabaseUnavailable || err instanceof OwnershipLost) return;
      this.log.error('The end of a call could not be stored', { callId, instanceId, err });
    }
  }
}

function isEarlier(call: Call, known: Call): boolean {
  const step = CALL_STATES.indexOf(call.state) - CALL_STATES.indexOf(known.state);
  // Without its acceptance a call has a provisional end, however far it has got otherwise.
  return step < 0 || (call.acceptedAt === null && known.acceptedAt !== null);
}
