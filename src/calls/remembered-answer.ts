import { DomainError, type ErrorKind } from '../common/errors/domain-error.js';
import { INTERNAL_ERROR_MESSAGE } from '../common/http/error.filter.js';
import { OfferNotAcknowledged } from '../whatsapp/whatsapp.errors.js';
import type { CallOutcome } from './call-state.js';
import type { Call } from './call.entity.js';
import { ReplayedError } from './calls.errors.js';
import type { FakeCallAnswer } from './fake-call-request.js';

/** The answer to a request as it is kept for repetitions, in words that survive a change of the classes. */
export type RememberedAnswer =
  | ({ readonly type: 'placed' } & FakeCallAnswer)
  | {
      readonly type: 'error';
      readonly message: string;
      readonly code: string;
      readonly kind: ErrorKind;
      readonly retryAfterSeconds: number | null;
    };

export function rememberPlaced({ callId, number, durationSeconds }: FakeCallAnswer): RememberedAnswer {
  return { type: 'placed', callId, number, durationSeconds };
}

export function rememberError(error: unknown): RememberedAnswer {
  if (!(error instanceof DomainError)) {
    return {
      type: 'error',
      message: INTERNAL_ERROR_MESSAGE,
      code: 'internal_error',
      kind: 'failed',
      retryAfterSeconds: null,
    };
  }
  const { message, code, kind, retryAfterSeconds = null } = error;
  return { type: 'error', message, code, kind, retryAfterSeconds };
}

/** A device of the callee ended the call, so WhatsApp had accepted the offer. */
const ENDED_BY_CALLEE: readonly CallOutcome[] = ['answered', 'rejected', 'busy'];

/** What a request would have been answered, had the process not stopped before; told by its call. */
export function answerFromCall(
  call: Pick<
    Call,
    'callId' | 'number' | 'durationSeconds' | 'acceptedAt' | 'deliveredAt' | 'outcome' | 'failureReason'
  >,
): RememberedAnswer {
  const { callId, number, durationSeconds, outcome } = call;
  const isTaken = call.acceptedAt ?? call.deliveredAt ?? (outcome && ENDED_BY_CALLEE.includes(outcome));
  if (callId !== null && isTaken) {
    return rememberPlaced({ callId, number, durationSeconds });
  }
  if (call.outcome === 'refused' && call.failureReason !== null) {
    const reason = call.failureReason;
    return { type: 'error', message: reason, code: 'call_refused', kind: 'failed', retryAfterSeconds: null };
  }
  return rememberError(new OfferNotAcknowledged('stopped'));
}

/** @throws ReplayedError */
export function replay(answer: RememberedAnswer): FakeCallAnswer {
  if (answer.type === 'error') throw new ReplayedError(answer);
  const { callId, number, durationSeconds } = answer;
  return { callId, number, durationSeconds };
}

/** `undefined`: not an answer of ours. */
export function parseAnswer(stored: unknown): RememberedAnswer | undefined {
  if (typeof stored !== 'object' || stored === null) return undefined;
  const {
    type,
    callId,
    number,
    durationSeconds,
    message,
    code,
    kind,
    retryAfterSeconds,
  }: Record<string, unknown> = {
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
    retryAfterSeconds: typeof retryAfterSeconds === 'number' ? retryAfterSeconds : null,
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
