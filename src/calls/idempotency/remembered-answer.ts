import { DomainError, type ErrorKind } from '../../common/errors/domain-error.js';
import { INTERNAL_ERROR_MESSAGE } from '../../common/http/error.filter.js';
import { OfferNotAcknowledged } from '../../whatsapp/whatsapp.errors.js';
import type { CallOutcome } from '../call-state.js';
import type { Call } from '../store/call.entity.js';
import { plusMs, secondsUntil } from '../call-times.js';
import { ReplayedError } from '../errors.js';
import type { FakeCallAnswer } from '../place/fake-call.js';

/** The answer to a request as it is kept for repetitions, in words that survive a change of the classes. */
export type RememberedAnswer =
  | ({ readonly type: 'placed' } & FakeCallAnswer)
  | {
      readonly type: 'error';
      readonly message: string;
      readonly code: string;
      readonly kind: ErrorKind;
      /** When a retry makes sense; RFC 3339. */
      readonly retryAt: string | null;
    };

export function rememberPlaced({ callId, number, durationSeconds }: FakeCallAnswer): RememberedAnswer {
  return { type: 'placed', callId, number, durationSeconds };
}

/** @param now when the error was answered */
export function rememberError(error: unknown, now: Date): RememberedAnswer {
  if (!(error instanceof DomainError)) {
    return {
      type: 'error',
      message: INTERNAL_ERROR_MESSAGE,
      code: 'internal_error',
      kind: 'failed',
      retryAt: null,
    };
  }
  const { message, code, kind, retryAfterSeconds } = error;
  const retryAt =
    retryAfterSeconds === undefined ? null : plusMs(now, retryAfterSeconds * 1000).toISOString();
  return { type: 'error', message, code, kind, retryAt };
}

/** A device of the callee ended the call, so WhatsApp had accepted the offer. */
const ENDED_BY_CALLEE: readonly CallOutcome[] = ['answered', 'rejected', 'busy'];

/** What a request would have been answered, had the process not stopped before; told by its call. */
export function answerFromCall(
  call: Pick<
    Call,
    'callId' | 'number' | 'durationSeconds' | 'acceptedAt' | 'deliveredAt' | 'outcome' | 'failureReason'
  >,
  now: Date,
): RememberedAnswer {
  const { callId, number, durationSeconds, outcome } = call;
  const isTaken = call.acceptedAt ?? call.deliveredAt ?? (outcome && ENDED_BY_CALLEE.includes(outcome));
  if (callId !== null && isTaken) {
    return rememberPlaced({ callId, number, durationSeconds });
  }
  if (call.outcome === 'refused' && call.failureReason !== null) {
    const reason = call.failureReason;
    return { type: 'error', message: reason, code: 'call_refused', kind: 'failed', retryAt: null };
  }
  return rememberError(new OfferNotAcknowledged('stopped'), now);
}

/** @throws ReplayedError, with what is left of the time to wait */
export function replay(answer: RememberedAnswer, now: Date): FakeCallAnswer {
  if (answer.type === 'error') {
    const retryAt = answer.retryAt === null ? null : new Date(answer.retryAt);
    const retryAfterSeconds = retryAt && retryAt > now ? secondsUntil(retryAt, now) : null;
    throw new ReplayedError({ ...answer, retryAfterSeconds });
  }
  const { callId, number, durationSeconds } = answer;
  return { callId, number, durationSeconds };
}

/** `undefined`: not an answer of ours. */
export function parseAnswer(stored: unknown): RememberedAnswer | undefined {
  if (typeof stored !== 'object' || stored === null) return undefined;
  const { type, callId, number, durationSeconds, message, code, kind, retryAt }: Record<string, unknown> = {
    ...stored,
  };
  if (type === 'placed' && isText(callId) && isText(number) && typeof durationSeconds === 'number') {
    return { type, callId, number, durationSeconds };
  }
  if (type !== 'error' || !isText(message) || !isText(code)) return undefined;
  return {
    type,
    message,
    code,
    kind: KINDS.find((known) => known === kind) ?? 'failed',
    retryAt: isText(retryAt) ? retryAt : null,
  };
}

const KINDS: readonly ErrorKind[] = [
  'invalid',
  'conflict',
  'not_found',
  'rate_limited',
  'failed',
  'upstream',
  'unavailable',
  'timeout',
];

function isText(value: unknown): value is string {
  return typeof value === 'string';
}
