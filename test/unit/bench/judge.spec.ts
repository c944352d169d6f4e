import { ApiDocument } from '../../../bench/fuzz/api-document.js';
import type { FuzzAnswer, FuzzRequest } from '../../../bench/fuzz/fuzz-request.js';
import { problemsOf } from '../../../bench/fuzz/judge.js';

const ERRORS = (...codes: string[]) => ({
  content: { 'application/json': { examples: Object.fromEntries(codes.map((code) => [code, {}])) } },
});
const document = new ApiDocument({
  paths: {
    '/api/call/fake/{instance}': {
      post: {
        requestBody: { content: { 'application/json': { schema: { type: 'object' } } } },
        responses: {
          200: { content: { 'application/json': { schema: { $ref: '#/components/schemas/Placed' } } } },
          400: ERRORS('invalid_number'),
          503: ERRORS('instance_not_connected'),
          500: ERRORS('internal_error'),
        },
      },
    },
  },
  components: {
    schemas: {
      Placed: {
        type: 'object',
        required: ['callId', 'number'],
        properties: {
          callId: { type: 'string', pattern: '^00[0-9A-F]{4}$' },
          number: { allOf: [{ $ref: '#/components/schemas/Digits' }] },
          at: { anyOf: [{ type: 'string', format: 'date-time' }, { type: 'null' }] },
          list: { type: 'array', items: { type: 'integer', minimum: 1 } },
          state: { enum: ['calling', 'ended'] },
        },
      },
      Digits: { type: ['string', 'null'], minLength: 7 },
    },
  },
});
const PLACED = { callId: '00ABCD', number: '5511999', at: null, list: [1], state: 'ended' };

const request = (fields: Partial<FuzzRequest> = {}): FuzzRequest => ({
  method: 'POST',
  target: '/api/call/fake/shop?x=1',
  sender: 'account',
  headers: {},
  body: undefined,
  ...fields,
});
const answer = (status: number, body: unknown, headers: Record<string, string> = {}): FuzzAnswer => ({
  status,
  headers: { 'content-type': 'application/json; charset=utf-8', 'x-request-id': 'r-1', ...headers },
  body: Buffer.from(JSON.stringify(body)),
});
const failed = (status: number, code: string, message = 'No', headers: Record<string, string> = {}) =>
  answer(status, { success: false, error: { message } }, { 'x-error-code': code, ...headers });
const judged = (given: FuzzAnswer, fields?: Partial<FuzzRequest>) =>
  problemsOf(document, request(fields), given);

describe('the judge of fuzzed answers', () => {
  it('is content with what is documented', () => {
    expect(judged(answer(200, PLACED))).toEqual([]);
    expect(judged(failed(400, 'invalid_number'))).toEqual([]);
    expect(judged(failed(503, 'instance_not_connected'))).toEqual([]);
    expect(judged(failed(400, 'bad_request'))).toEqual([]);
    expect(judged(failed(405, 'method_not_allowed'), { method: 'PUT' })).toEqual([]);
    expect(judged(failed(404, 'route_not_found'), { target: '/api/nowhere' })).toEqual([]);
    expect(judged(failed(400, 'invalid_body'), { body: '{' })).toEqual([]);
    expect(
      judged({ status: 204, headers: { 'x-request-id': 'r' }, body: Buffer.of() }, { method: 'OPTIONS' }),
    ).toEqual([]);
  });

  it.each<[string, FuzzAnswer]>([
    ['a crash', failed(500, 'internal_error')],
    ['a status that is not documented', failed(418, 'invalid_number')],
    ['a success that is not documented', answer(202, PLACED)],
    ['a code that is not documented', failed(400, 'other')],
    ['no code', answer(400, { success: false, error: { message: 'No' } })],
    ['no request id', failed(400, 'invalid_number', 'No', { 'x-request-id': '' })],
    ['an error that is not JSON', failed(400, 'invalid_number', 'No', { 'content-type': 'text/html' })],
    ['an empty message', failed(400, 'invalid_number', '')],
    ['a stack', failed(400, 'invalid_number', 'Error\n    at run (main.js:1:2)')],
    ['a query', failed(400, 'invalid_number', 'SELECT 1')],
    [
      'more than the envelope',
      answer(400, { success: false, error: { message: 'No' }, x: 1 }, { 'x-error-code': 'invalid_number' }),
    ],
    ['another content type', answer(200, PLACED, { 'content-type': 'text/html' })],
    ['a missing field', answer(200, { ...PLACED, callId: undefined })],
    ['a field of another type', answer(200, { ...PLACED, number: 5 })],
    ['a field too many', answer(200, { ...PLACED, token: 'x' })],
    ['a broken pattern', answer(200, { ...PLACED, callId: 'x' })],
    ['a short text behind a reference', answer(200, { ...PLACED, number: '1' })],
    ['no choice that fits', answer(200, { ...PLACED, at: 'yesterday' })],
    ['a wrong element', answer(200, { ...PLACED, list: [1, 0] })],
    ['a value that is not listed', answer(200, { ...PLACED, state: 'new' })],
  ])('finds %s', (_, given) => {
    expect(judged(given)).not.toEqual([]);
  });

  it('finds an answer where there is no route', () => {
    expect(judged(answer(200, {}), { target: '/api/nowhere' })).not.toEqual([]);
    expect(judged(failed(409, 'taken'), { target: '/api/nowhere' })).not.toEqual([]);
    expect(judged(answer(200, {}), { method: 'OPTIONS' })).not.toEqual([]);
  });

  it('refuses a success for bytes that are not UTF-8 when the request does not name another encoding', () => {
    const body = Buffer.from('{"name":"café"}', 'latin1');
    const latin1 = { 'content-type': 'application/json; charset=latin1' };
    expect(judged(answer(200, PLACED), { body })).toEqual([
      'a body was taken that is not UTF-8 and says nothing else',
    ]);
    expect(judged(answer(200, PLACED), { body, headers: latin1 })).toEqual([]);
    expect(judged(answer(200, PLACED), { body: Buffer.from('{"name":"café"}') })).toEqual([]);
  });
});
