import type { OwnerCommand } from '../cluster/owner-commands.js';
import { fieldsOf, flag, nothing, number, text, texts } from '../cluster/wire-values.js';
import type { CalleeQuery } from '../whatsapp/whatsapp.gateway.js';
import type { FakeCallRequest } from './place/fake-call.js';
import { parseAnswer, type RememberedAnswer } from './idempotency/remembered-answer.js';

/** Looking the callee up and the verdict of the server take 45 s at most. */
const PLACE_MS = 60_000;
const CANCEL_MS = 10_000;

/** A call that is asked for, in terms that another process understands. */
export interface PlaceCallArgs {
  /** Processes of an earlier release look the instance up by these two. */
  readonly accountId: string;
  readonly instanceName: string;
  readonly request: FakeCallRequest;
  readonly idempotencyKey: string | null;
}

/** What the client is answered; a failure that was answered before is an answer too. */
export interface PlaceCallResult {
  readonly answer: RememberedAnswer;
  readonly replayed: boolean;
}

export const PLACE_CALL: OwnerCommand<PlaceCallArgs, PlaceCallResult> = {
  name: 'call.place',
  deadlineMs: PLACE_MS,
  takesOver: false,
  parseArgs: (value) => {
    const { accountId, instanceName, request, idempotencyKey } = fieldsOf(value);
    return {
      accountId: text(accountId),
      instanceName: text(instanceName),
      request: parseCallRequest(request),
      idempotencyKey: idempotencyKey === null ? null : text(idempotencyKey),
    };
  },
  parseResult: (value) => {
    const { answer, replayed } = fieldsOf(value);
    const parsed = parseAnswer(answer);
    if (!parsed) throw new TypeError('No answer to a call');
    return { answer: parsed, replayed: flag(replayed) };
  },
};

/** Takes the id of the call on the wire. */
export const CANCEL_CALL: OwnerCommand<string, void> = {
  name: 'call.cancel',
  deadlineMs: CANCEL_MS,
  // Without a session the hang-up is brought forward, which only the holder may write.
  takesOver: true,
  parseArgs: text,
  parseResult: nothing,
};

function parseCallRequest(value: unknown): FakeCallRequest {
  const fields = fieldsOf(value);
  return {
    callee: parseCallee(fields['callee']),
    number: text(fields['number']),
    durationSeconds: number(fields['durationSeconds']),
  };
}

function parseCallee(value: unknown): CalleeQuery {
  const { kind, candidates, digits } = fieldsOf(value);
  if (kind === 'number') return { kind, candidates: texts(candidates) };
  if (kind === 'lid') return { kind, digits: text(digits) };
  throw new TypeError('No callee');
}
