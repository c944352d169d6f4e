import { isUtf8 } from 'node:buffer';
import { asRecord, type ApiDocument, type Operation } from './api-document.js';
import type { FuzzAnswer, FuzzRequest } from './fuzz-request.js';
import { schemaProblems } from './schema-problems.js';

/** Faults of the service that the contract allows, and on which routes the run can bring them about. */
const ALLOWED_FAULTS: Readonly<Record<string, RegExp>> = {
  instance_not_connected: /^\/api\/call\/(fake|cancel)\//i,
  whatsapp_unreachable: /^\/api\/instance\/connect\//i,
  code_timeout: /^\/api\/instance\/connect\//i,
};
/** What the introduction of the document says of all routes. */
const EVERYWHERE: Readonly<Record<string, number>> = {
  bad_request: 400,
  method_not_allowed: 405,
  request_timeout: 408,
  body_too_large: 413,
  address_too_long: 414,
  unsupported_charset: 415,
  headers_too_large: 431,
  too_many_connections: 503,
};
/** Where there is no route. An address without a name is told to lack it. */
const OFF_THE_MAP = new Set([400, 401, 403, 404, 413, 429]);
const INSIDE = /node_modules|\.[jt]s:\d|\n\s+at |SELECT |INSERT |UPDATE |ECONNREFUSED|QueryFailed/;

/** Tells in what an answer breaks the contract; an empty list is a good answer. */
export function problemsOf(document: ApiDocument, request: FuzzRequest, answer: FuzzAnswer): string[] {
  const [path = ''] = request.target.split('?');
  const operation = document.operationAt(request.method, path);
  const problems = header(answer, 'x-request-id') === '' ? ['there is no X-Request-Id'] : [];
  if (answer.status >= 500) problems.push(...faultProblems(path, answer));
  if (answer.status >= 400) return [...problems, ...errorProblems(request, operation, answer)];
  if (!operation) return [...problems, ...offTheMapProblems(request, path, answer)];
  if (operation.bodySchema !== undefined && isUndeclaredEncoding(request))
    problems.push('a body was taken that is not UTF-8 and says nothing else');
  return [...problems, ...successProblems(document, operation, answer)];
}

/** JSON is UTF-8 unless its sender says otherwise; as such it would be stored damaged. */
function isUndeclaredEncoding({ body, headers }: FuzzRequest): boolean {
  return Buffer.isBuffer(body) && !isUtf8(body) && !/charset=/i.test(headers['content-type'] ?? '');
}

function faultProblems(path: string, answer: FuzzAnswer): string[] {
  const code = header(answer, 'x-error-code');
  if (ALLOWED_FAULTS[code]?.test(path)) return [];
  return [`${answer.status} ${code} is a fault without a cause (${answer.body?.toString('utf8')})`];
}

function errorProblems(request: FuzzRequest, operation: Operation | undefined, answer: FuzzAnswer): string[] {
  const { status } = answer;
  const code = header(answer, 'x-error-code');
  const problems = envelopeProblems(answer);
  if (!/^[a-z]+(_[a-z]+)*$/.test(code)) problems.push('there is no X-Error-Code');
  if (EVERYWHERE[code] === status) return problems;
  if (status === 400 && code === 'invalid_body' && request.body !== undefined) return problems;
  if (!operation) return OFF_THE_MAP.has(status) ? problems : [...problems, `${status} off the map`];
  const documented = operation.answers.get(status);
  if (!documented) problems.push(`${status} is not documented`);
  else if (!documented.codes.has(code)) problems.push(`${status} ${code} is not documented`);
  return problems;
}

function envelopeProblems({ body, headers }: FuzzAnswer): string[] {
  if (body === undefined) return [];
  if (!String(headers['content-type']).startsWith('application/json')) return ['an error is not JSON'];
  const value = parsed(body);
  const error = asRecord(asRecord(value)['error']);
  const isEnvelope =
    Object.keys(asRecord(value)).join() === 'success,error' &&
    asRecord(value)['success'] === false &&
    Object.keys(error).join() === 'message' &&
    typeof error['message'] === 'string' &&
    error['message'] !== '';
  if (!isEnvelope) return ['an error is not in the envelope'];
  return INSIDE.test(String(error['message'])) ? ['an error tells about the inside'] : [];
}

function successProblems(document: ApiDocument, operation: Operation, answer: FuzzAnswer): string[] {
  const documented = operation.answers.get(answer.status);
  if (!documented) return [`${answer.status} is not documented`];
  if (answer.body === undefined || documented.contents.size === 0) return [];
  const type = (header(answer, 'content-type').split(';')[0] ?? '').trim();
  if (!documented.contents.has(type)) return [`${type} is not a documented content type`];
  if (type !== 'application/json') return [];
  return schemaProblems(document, documented.contents.get(type), parsed(answer.body));
}

/** `OPTIONS` has one answer for all paths; the pages outside the API are not part of the document. */
function offTheMapProblems({ method }: FuzzRequest, path: string, { status }: FuzzAnswer): string[] {
  if (method === 'OPTIONS') return status === 204 ? [] : [`${status} for OPTIONS`];
  return path.startsWith('/api/') ? [`${status} without a route`] : [];
}

function parsed(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString('utf8'));
  } catch {
    return undefined;
  }
}

function header({ headers }: FuzzAnswer, name: string): string {
  const value = headers[name];
  return typeof value === 'string' ? value : '';
}
