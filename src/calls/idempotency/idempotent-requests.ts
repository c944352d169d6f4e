import { Injectable } from '@nestjs/common';
import { DatabaseUnavailable } from '../../common/database/database-unavailable.js';
import { DeferredWrites } from '../../common/database/deferred-writes.js';
import { Log } from '../../common/logging/log.js';
import { Clock } from '../../common/time/clock.js';
import { plusMs, secondsOf } from '../call-times.js';
import { IdempotencyInProgress, IdempotencyMismatch, InvalidIdempotencyKey } from '../errors.js';
import { IdempotencyRepository, type KeyOfInstance } from './idempotency.repository.js';
import { hasLeftNothing } from '../place/placing-failure.js';
import { answerFromCall, parseAnswer, rememberError, type RememberedAnswer } from './remembered-answer.js';
import { ApplicationPoller } from '../../common/async/poller.js';

const REMEMBERED_MS = 24 * 60 * 60 * 1000;

/** A call is mostly placed, and its request answered, within this time; one that takes longer waits for WhatsApp. */
const USUAL_ANSWER_MS = 2_000;

/**
 * Requests with an idempotency key run once. A request that never reached WhatsApp is not remembered, so that the
 * same key can be used again when the reason is gone.
 */
@Injectable()
export class IdempotentRequests {
  private readonly writes: DeferredWrites;

  constructor(
    private readonly keys: IdempotencyRepository,
    private readonly clock: Clock,
    private readonly log: Log,
  ) {
    this.writes = new DeferredWrites(clock, log);
  }

  /**
   * The answer that is known already; `undefined`: the key is ours now, until `complete` or `failed`.
   * @throws IdempotencyMismatch, IdempotencyInProgress, CallInstanceNotFound
   */
  async claim(key: KeyOfInstance, fingerprint: Buffer): Promise<RememberedAnswer | undefined> {
    const request = { fingerprint, now: this.clock.now(), expiredBefore: this.expiry() };
    for (;;) {
      if (await this.claimOnce(key, request)) return undefined;
      const known = await this.keys.find(key);
      // Released between the two looks: the key is free again.
      if (!known) continue;
      if (!known.fingerprint.equals(fingerprint)) throw new IdempotencyMismatch();
      const answer = parseAnswer(known.answer);
      if (!answer) throw new IdempotencyInProgress(secondsUntilAnswered(known.createdAt, this.clock.now()));
      return answer;
    }
  }

  /** Never rejects: the call went its way. */
  complete(key: KeyOfInstance, answer: RememberedAnswer): Promise<void> {
    return this.quietly(key, () => this.keys.complete(key, answer));
  }

  /** A request that never reached WhatsApp is forgotten, so that its key can be used again. Never rejects. */
  failed(key: KeyOfInstance, error: unknown): Promise<void> {
    return this.quietly(key, () =>
      hasLeftNothing(error)
        ? this.keys.release(key)
        : this.keys.complete(key, rememberError(error, this.clock.now())),
    );
  }

  /** Answers the requests of these instances from before `now`, which an earlier process left behind. May be repeated. */
  async takeOver(instanceIds: readonly string[], now: Date): Promise<void> {
    for (const { call, ...key } of await this.keys.unansweredWithCall(instanceIds, now)) {
      await this.keys.complete(key, answerFromCall(call, now));
    }
    await this.keys.deleteUnanswered(instanceIds, now);
  }

  async deleteExpired(): Promise<void> {
    await this.keys.deleteExpired(this.expiry());
  }

  /** A connection that breaks under the claim leaves it open whether it was stored. */
  private async claimOnce(
    key: KeyOfInstance,
    request: { fingerprint: Buffer; now: Date; expiredBefore: Date },
  ): Promise<boolean> {
    try {
      return await this.keys.claim(key, request);
    } catch (error) {
      if (error instanceof DatabaseUnavailable) void this.quietly(key, () => this.keys.unclaim(key, request));
      throw error;
    }
  }

  private expiry(): Date {
    return plusMs(this.clock.now(), -REMEMBERED_MS);
  }

  /** The call went its way; that its answer could not be kept, or is kept later, must not hide that. */
  private async quietly(key: KeyOfInstance, write: () => Promise<void>): Promise<void> {
    try {
      await this.writes.run(`${key.instanceId} ${key.key}`, write);
    } catch (err) {
      if (err instanceof DatabaseUnavailable) return;
      this.log.error('The answer to an idempotent request could not be stored', {
        instanceId: key.instanceId,
        err,
      });
    }
  }
}

/** `undefined`: it takes longer than usual, and nobody knows how long. The clock of the node that has the request may be ahead. */
function secondsUntilAnswered(createdAt: Date, now: Date): number | undefined {
  const leftMs = Math.min(createdAt.getTime() + USUAL_ANSWER_MS - now.getTime(), USUAL_ANSWER_MS);
  return leftMs > 0 ? secondsOf(leftMs) : undefined;
}

const CLEAN_EVERY_MS = 10 * 60 * 1000;

/** Deletes idempotency keys that are no longer remembered. Nobody waits for it: an expired key can be used anyway. */
@Injectable()
export class IdempotencyExpiry extends ApplicationPoller {
  constructor(
    clock: Clock,
    private readonly requests: IdempotentRequests,
    log: Log,
  ) {
    super(clock, log, {
      everyMs: CLEAN_EVERY_MS,
      failure: 'Expired idempotency keys could not be deleted',
    });
  }

  protected override round(): Promise<void> {
    return this.requests.deleteExpired();
  }
}

/** 1–255 printable ASCII characters. `null` = no key was sent. @throws InvalidIdempotencyKey */
export function parseIdempotencyKey(header: string | undefined): string | null {
  if (header !== undefined && !/^[\x20-\x7e]{1,255}$/.test(header)) throw new InvalidIdempotencyKey();
  return header ?? null;
}
