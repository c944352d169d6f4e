import type { OpenAPIObject } from '@nestjs/swagger';
import { errorResponses, type DocumentedError } from '../common/http/api-errors.js';
import { SECURITY_SCHEMES } from '../common/http/caller.js';
import { INTERNAL_ERROR_MESSAGE } from '../common/http/error.filter.js';
import { isClosed, isOnInstance, operationsOf, type Operation, type PlacedOperation } from './operations.js';

type Responses = Operation['responses'];
type ResponseObject = Exclude<NonNullable<Responses[string]>, { $ref: string }>;

const TOKEN_ROWS: readonly DocumentedError[] = [
  { status: 401, code: 'missing_token', message: 'Missing token in header' },
  {
    status: 401,
    code: 'invalid_token',
    message: 'Invalid token',
    when: 'unknown token, token of a disabled account, or a kind of token that the route does not take',
  },
  {
    status: 429,
    code: 'rate_limited',
    message: 'Rate limit exceeded. Try again later.',
    when:
      'the budget of the token, or the one that all tokens of the account share, is used up for this minute; `Retry-After` ' +
      'says when the next minute begins',
  },
  {
    status: 429,
    code: 'too_many_requests',
    message: 'Too many requests of this account are waiting. Send fewer at a time',
    when: 'of one account 32 requests are in work at a time and 1,000 more wait for their turn; nothing was done',
  },
  {
    status: 500,
    code: 'internal_error',
    message: INTERNAL_ERROR_MESSAGE,
    when: 'a fault of the service; the log tells more under the `X-Request-Id`',
  },
  {
    status: 503,
    code: 'database_unavailable',
    message: 'Database is not available',
    when: 'the database is away; rings in progress are hung up all the same',
  },
];
/** Routes that need the session of an instance ask the process that holds it; the others never answer so. */
const OWNER_UNAVAILABLE: DocumentedError = {
  status: 503,
  code: 'owner_unavailable',
  message: 'The process that holds this instance cannot be reached. Try again',
  when:
    'only where several processes work as one: the one that holds the instance has just ended, or NATS is away. When the ' +
    'message says that the request may have been carried out, repeat a call with its `Idempotency-Key`',
};
const MOVED: DocumentedError = {
  status: 503,
  code: 'instance_moved',
  message: 'The instance has just moved to another process. Try again',
  when: 'only where several processes work as one: another one has just taken the instance over; nothing was done',
};
const NAME_REQUIRED: DocumentedError = {
  status: 400,
  code: 'instance_required',
  message: 'Instance name is required',
};
const MISMATCH: DocumentedError = {
  status: 403,
  code: 'instance_mismatch',
  message: 'Instance token does not match instance',
};
const NOT_FOUND: DocumentedError = { status: 404, code: 'instance_not_found', message: 'Instance not found' };
const INVALID_BODY: DocumentedError = {
  status: 400,
  code: 'invalid_body',
  message: 'Invalid request body: it is not valid JSON',
  when: 'not JSON, not an object, or a field of the wrong type; the message names the field',
};
/** A route that needs no body still refuses a broken one, so that its sender hears of the mistake. */
const NEEDLESS_BODY: DocumentedError = {
  ...INVALID_BODY,
  when: 'not JSON; the route needs no body, but one that is sent must be right',
};
const TOO_LARGE: DocumentedError = {
  status: 413,
  code: 'body_too_large',
  message: 'Request body is larger than 100 kB',
};

const REQUEST_ID_HEADER = {
  description: 'Names this request in the log; a plain one that the client sends is kept',
  schema: { type: 'string' as const },
};
const RATE_LIMIT_HEADERS = {
  'X-RateLimit-Limit': { description: 'Requests allowed a minute', schema: { type: 'integer' as const } },
  'X-RateLimit-Remaining': {
    description: 'Requests left in this minute',
    schema: { type: 'integer' as const },
  },
  'X-RateLimit-Reset': {
    description: 'When the count starts anew, Unix seconds',
    schema: { type: 'integer' as const },
  },
};
const RETRY_AFTER_HEADER = {
  description:
    'Seconds to wait before trying again; absent where waiting does not help, or nobody knows how long',
  schema: { type: 'integer' as const },
};

/** Statuses of refusals that may pass by themselves. */
const MAY_PASS = ['409', '429', '503'];

/** Adds to every route what all of them answer: the rows of tokens and limits, the headers, the error envelope. */
export function addCommonAnswers(document: OpenAPIObject): void {
  document.components ??= {};
  document.components.schemas = {
    ...document.components.schemas,
    ErrorEnvelope: {
      type: 'object',
      required: ['success', 'error'],
      properties: {
        success: { type: 'boolean', enum: [false] },
        error: {
          type: 'object',
          required: ['message'],
          properties: { message: { type: 'string', examples: ['Invalid token'] } },
        },
      },
    },
  };
  for (const placed of operationsOf(document)) {
    if (isClosed(placed)) {
      for (const [status, response] of errorResponses(rowsFor(placed))) {
        placed.operation.responses[status] = joined(placed.operation.responses[status], response);
      }
    }
    addHeaders(placed);
  }
}

function rowsFor(placed: PlacedOperation): DocumentedError[] {
  const { security, responses, requestBody } = placed.operation;
  const takesInstanceToken = security?.some((one) => SECURITY_SCHEMES.instance in one) ?? false;
  return [
    ...TOKEN_ROWS,
    ...(isOnInstance(placed) ? [NAME_REQUIRED, MOVED, OWNER_UNAVAILABLE] : []),
    ...(isOnInstance(placed) && takesInstanceToken ? [MISMATCH] : []),
    ...(isOnInstance(placed) && !responses['404'] ? [NOT_FOUND] : []),
    requestBody ? INVALID_BODY : NEEDLESS_BODY,
    TOO_LARGE,
  ];
}

/** What the route says itself comes first and stays. */
function joined(own: Responses[string] | undefined, common: ResponseObject): ResponseObject {
  if (!own || '$ref' in own) return common;
  const ownExamples = own.content?.['application/json']?.examples ?? {};
  const newExamples = Object.entries(common.content?.['application/json']?.examples ?? {}).filter(
    ([code]) => !(code in ownExamples),
  );
  if (newExamples.length === 0) return own;
  const newCodes = new Set(newExamples.map(([code]) => code));
  const newLines = common.description.split('  \n').filter((line) => newCodes.has(line.split('`')[1] ?? ''));
  return {
    ...own,
    description: [own.description, ...newLines].join('  \n'),
    content: {
      'application/json': {
        ...common.content?.['application/json'],
        examples: { ...ownExamples, ...Object.fromEntries(newExamples) },
      },
    },
  };
}

function addHeaders(placed: PlacedOperation): void {
  for (const [status, response] of Object.entries(placed.operation.responses)) {
    if (!response || '$ref' in response) continue;
    response.headers = {
      ...response.headers,
      'X-Request-Id': REQUEST_ID_HEADER,
      ...(isClosed(placed) ? RATE_LIMIT_HEADERS : {}),
      ...(MAY_PASS.includes(status) ? { 'Retry-After': RETRY_AFTER_HEADER } : {}),
    };
  }
}
