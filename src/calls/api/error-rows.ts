import type { DocumentedError } from '../../common/http/api-errors.js';

export const INSTANCE_REQUIRED: DocumentedError = {
  status: 400,
  code: 'instance_required',
  message: 'Instance name is required',
};

export const INSTANCE_NOT_FOUND: DocumentedError = {
  status: 404,
  code: 'instance_not_found',
  message: 'instance not found',
};

export const CALL_NOT_FOUND: DocumentedError = {
  status: 404,
  code: 'call_not_found',
  message: 'call not found',
};

export const NOT_CONNECTED: DocumentedError = {
  status: 503,
  code: 'instance_not_connected',
  message: 'Instance is not connected to WhatsApp',
  when:
    'logged out, never paired, or reconnecting; `Retry-After` says when the session is open again, as far as is known: it counts ' +
    'the back-off and the turn of a session that waits to connect',
};

/** Every way in which a fake call can fail, in the order in which faults are told. */
export const FAKE_CALL_ERRORS: readonly DocumentedError[] = [
  INSTANCE_REQUIRED,
  {
    status: 400,
    code: 'invalid_body',
    message: 'Invalid request body: duration must be an integer number',
    when: 'not JSON, not an object, or a field of the wrong type; the message names the field',
  },
  { status: 400, code: 'number_required', message: 'Number is required' },
  { status: 400, code: 'duration_out_of_range', message: 'Duration must be between 1 and 60 seconds' },
  {
    status: 400,
    code: 'invalid_number',
    message: 'Invalid number: it has fewer than 7 digits',
    when:
      'letters, too short or too long, a first digit 0, the address of a group, channel or broadcast, or the number of the ' +
      'instance itself; the message says which',
  },
  { status: 400, code: 'invalid_idempotency_key', message: 'Invalid idempotency key' },
  {
    status: 400,
    code: 'number_not_registered',
    message: 'Number is not registered on WhatsApp',
    when: 'WhatsApp knows no such user; nothing rang',
  },
  INSTANCE_NOT_FOUND,
  {
    status: 409,
    code: 'too_many_calls',
    message: 'Too many calls are in progress on this instance',
    when: '`maxConcurrentCalls` of the instance is used up; `Retry-After` says when the first of them ends, once one rings',
  },
  {
    status: 409,
    code: 'idempotency_mismatch',
    message: 'Idempotency key was used with a different request',
  },
  {
    status: 409,
    code: 'idempotency_in_progress',
    message: 'A request with this idempotency key is in progress',
    when: 'with `Retry-After` for the two seconds in which it is mostly answered; after that nobody knows how long WhatsApp takes',
  },
  {
    status: 429,
    code: 'whatsapp_restricted',
    message: 'WhatsApp restricted this account: no calls to new contacts until 2026-01-31T12:00:00.000Z',
    when:
      'WhatsApp limits the account (refusal 463 or 429, or a notice): with `Retry-After`, and nothing is sent to WhatsApp for ' +
      'this call. During a time-lock contacts who know the account are called all the same. Without `Retry-After` only this ' +
      'contact must not be called (`WhatsApp refused this contact: they must call or write to this number first (463)`); ' +
      'others can be',
  },
  {
    status: 429,
    code: 'call_pacing',
    message: 'Calls on this instance must be at least 30 seconds apart',
    when: '`minSecondsBetweenCalls` of the instance; `Retry-After` is exact',
  },
  {
    status: 429,
    code: 'number_cooldown',
    message: 'This number was called less than 3600 seconds ago',
    when: '`numberCooldownSeconds` of the instance; `Retry-After` is exact',
  },
  {
    status: 500,
    code: 'call_refused',
    message: 'WhatsApp refused the call: not allowed (403)',
    when: 'WhatsApp refused the offer; the reason and its code are in the message and in the call',
  },
  {
    status: 500,
    code: 'call_not_acknowledged',
    message: 'WhatsApp did not acknowledge the call within 15 seconds',
    when:
      'the offer left and no answer to it came; or `The connection to WhatsApp was lost before WhatsApp acknowledged the ' +
      'call`, likewise when the session was closed, the instance moved to another process or Ringdrop stopped meanwhile. ' +
      'Phones that ring all the same are stopped as soon as there is a connection',
  },
  {
    status: 500,
    code: 'callee_unreachable',
    message: 'Callee cannot be called: no device can take calls',
    when: 'the number exists, but none of its devices can be called',
  },
  {
    status: 500,
    code: 'whatsapp_timeout',
    message: 'WhatsApp did not answer in time (device list)',
    when: 'WhatsApp did not answer while the call was prepared; nothing rang',
  },
  NOT_CONNECTED,
  {
    status: 503,
    code: 'shutting_down',
    message: 'Ringdrop is being stopped. Try again',
    when: 'the process that got the request takes no new calls; nothing rang',
  },
];
