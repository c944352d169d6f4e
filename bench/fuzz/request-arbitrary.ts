import fc from 'fast-check';
import type { ApiDocument, Operation, Parameter } from './api-document.js';
import type { FuzzRequest, Sender } from './fuzz-request.js';
import { hostileText, hostileValue, mutatedObject, plausibleValue } from './hostile-values.js';

const METHODS = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'HEAD', 'OPTIONS', 'TRACE', 'PROPFIND'];
const HUGE = `{"name":"${'x'.repeat(110_000)}"}`;
const DEEP = `${'{"a":['.repeat(5000)}${']}'.repeat(5000)}`;
const RAW_BODIES = [
  '',
  '{',
  '[]',
  'null',
  '0',
  '"',
  '{"a":1,}',
  '\u0000',
  '\ufeff{}',
  '{"a":NaN}',
  'a=1&b=2',
  HUGE,
  DEEP,
];
/** As a body has them beside its own: names that no route knows, and many of them. */
const MANY_KEYS = [300, 5_000].map((count) =>
  Array.from({ length: count }, (_, index) => `"k${index}":${index}`).join(','),
);
/** Fields of many routes, with more in them than anybody needs. */
const MANY_VALUES = [
  `"events":[${'"call.update",'.repeat(400)}"call.update"]`,
  `"headers":{${Array.from({ length: 300 }, (_, index) => `"x-${index}":"1"`).join(',')}}`,
  `"number":[${'1,'.repeat(5_000)}1]`,
];
const CONTENT_TYPES = [
  'text/plain',
  'application/x-www-form-urlencoded',
  'multipart/form-data; boundary=x',
  'application/json; charset=utf-8',
  'application/json; charset=latin1',
  'application/json; charset=utf-16le',
  'application/json; charset=utf-16',
  'application/json; charset=nonsense',
  'application/xml',
  '/;;=',
];
const RAW_SEGMENTS = [
  '%',
  '%zz',
  '%00',
  '%2f',
  '%2e%2e',
  '..',
  '.',
  '%E0%A4%A',
  '%FF',
  '%20',
  ';a=b',
  'a%0d%0ab',
  "'",
  '*',
  ':instance',
];
const RAW_QUERIES = [
  '%',
  'a=%zz',
  '__proto__=1',
  '__proto__[a]=1',
  'constructor[prototype][a]=1',
  'a[]=1&a[]=2',
  '&&&',
  '?',
  '=',
  'limit=1&limit=2',
  'token=x',
];
const STRANGE_HEADERS: readonly (readonly [string, string])[] = [
  ['expect', 'the-unexpected'],
  ['content-encoding', 'gzip'],
  ['content-encoding', 'nonsense'],
  ['x-request-id', 'ä'.repeat(10)],
  ['x-request-id', 'x'.repeat(300)],
  ['x-http-method-override', 'DELETE'],
  ['x-forwarded-for', 'nonsense, , 1.2.3.4'],
  ['accept', 'image/webp;q=7'],
  ['authorization', 'Bearer'],
  ['authorization', 'Basic dTpw'],
  ['upgrade', 'h2c'],
  ['range', 'bytes=0-1'],
  ['if-none-match', '*'],
  ['cookie', 'x'.repeat(20_000)],
];
/** The routes that end or interrupt something work on names that nothing else needs. */
const ENDING = /reconnect|delete|rotateToken|logout|update|instance\/new|account\/new|\/proxy\//;
const NAMES = { lasting: ['shop', 'linked'], ending: ['victim'] };
/** Each of these makes the product open a connection to WhatsApp, which takes much longer than a request. */
const SLOW = /connect|reconnect/;

/** Requests made from the document, most of them nearly right. */
export function requestArbitrary(document: ApiDocument): fc.Arbitrary<FuzzRequest> {
  return fc.oneof(
    ...document.operations.map((operation) => ({
      weight: SLOW.test(operation.path) ? 1 : 20,
      arbitrary: requestTo(document, operation),
    })),
  );
}

function requestTo(document: ApiDocument, operation: Operation): fc.Arbitrary<FuzzRequest> {
  return fc
    .record({
      method: mostly(operation.method, fc.constantFrom(...METHODS), 30),
      path: pathOf(document, operation),
      query: queryOf(document, operation),
      sender: senderOf(operation),
      headers: headersOf(document, operation),
      body: bodyOf(document, operation),
    })
    .map(({ path, query, body, method, ...rest }) => ({
      ...rest,
      method,
      target: path + query,
      body: method === 'TRACE' ? undefined : body,
    }));
}

function pathOf(document: ApiDocument, operation: Operation): fc.Arbitrary<string> {
  const names = ENDING.test(operation.path) ? NAMES.ending : NAMES.lasting;
  const segment = fc.oneof(
    { weight: 12, arbitrary: fc.constantFrom(...names) },
    {
      weight: 1,
      arbitrary: fc.constantFrom('none', 'SHOP', 'x'.repeat(100), 'x'.repeat(101), 'x'.repeat(3000)),
    },
    { weight: 1, arbitrary: fc.constantFrom(...RAW_SEGMENTS) },
    { weight: 1, arbitrary: hostileText.map(encoded) },
  );
  const parts = operation.path.split(/\{[^}]+\}/);
  const whole = fc
    .tuple(...parts.slice(1).map(() => segment))
    .map((values) => parts.reduce((path, part, index) => path + (values[index - 1] ?? '') + part));
  return fc.oneof(
    { weight: 40, arbitrary: whole },
    { weight: 1, arbitrary: whole.map((path) => `${path}/`) },
    { weight: 1, arbitrary: whole.map((path) => path.replaceAll('/', '//')) },
    { weight: 1, arbitrary: hostileText.map((text) => `/api/${encoded(text)}`) },
  );
}

function queryOf(document: ApiDocument, operation: Operation): fc.Arbitrary<string> {
  const inQuery = operation.parameters.filter(({ place }) => place === 'query');
  const pairs = inQuery.map(({ name, schema }) =>
    fc.oneof(
      { weight: 4, arbitrary: fc.constant('') },
      {
        weight: 4,
        arbitrary: plausibleValue(document, schema).map((value) => `${name}=${encoded(String(value))}`),
      },
      { weight: 1, arbitrary: hostileText.map((text) => `${name}=${encoded(text)}`) },
      {
        weight: 1,
        arbitrary: fc.constantFrom(`${name}[]=1`, `${name}[a]=1`, `${name}=1&${name}=2`, name, `${name}=%zz`),
      },
    ),
  );
  const raw = fc.constantFrom(...RAW_QUERIES);
  return fc
    .tuple(...pairs, mostly('', raw, 12))
    .map((all) => all.filter((pair) => pair !== '').join('&'))
    .map((query) => (query === '' ? '' : `?${query}`));
}

function senderOf({ isForAdmin }: Operation): fc.Arbitrary<Sender> {
  const [usual, rare]: [Sender, Sender] = isForAdmin ? ['admin', 'account'] : ['account', 'admin'];
  return fc.oneof(
    { weight: 30, arbitrary: fc.constant(usual) },
    { weight: 4, arbitrary: fc.constant<Sender>('instance') },
    { weight: 1, arbitrary: fc.constantFrom<Sender>(rare, 'nobody', 'stranger') },
  );
}

function headersOf(document: ApiDocument, operation: Operation): fc.Arbitrary<Record<string, string>> {
  const documented = operation.parameters
    .filter(({ place }) => place === 'header')
    .map((one) => headerOf(document, one));
  return fc
    .tuple(
      mostly('application/json', fc.constantFrom(...CONTENT_TYPES), 12),
      mostly(undefined, fc.constantFrom(...STRANGE_HEADERS), 12),
      ...documented,
    )
    .map(([type, ...others]) =>
      Object.fromEntries([['content-type', type] as const, ...others].filter((one) => one !== undefined)),
    );
}

function headerOf(document: ApiDocument, { name, schema }: Parameter) {
  const value = fc.oneof(
    plausibleValue(document, schema).map(String),
    fc.constantFrom('', ' ', 'x'.repeat(256), 'ä', 'a\tb'),
    fc.string({ unit: 'grapheme-ascii', maxLength: 20 }),
  );
  return fc.option(
    value.map((text) => [name.toLowerCase(), text] as const),
    { nil: undefined },
  );
}

function bodyOf(document: ApiDocument, { bodySchema, method }: Operation): fc.Arbitrary<FuzzRequest['body']> {
  const raw = fc.oneof(
    fc.constantFrom(...RAW_BODIES),
    hostileText,
    hostileValue.map((value) => JSON.stringify(value)),
  );
  if (bodySchema === undefined) return mostly(undefined, raw, method === 'GET' ? 60 : 20);
  const text = mutatedObject(document, bodySchema).map((value) => JSON.stringify(value));
  const more = fc.constantFrom(...MANY_KEYS, ...MANY_VALUES);
  return fc.oneof(
    { weight: 30, arbitrary: text },
    { weight: 1, arbitrary: text.map((json) => json.slice(0, -2)) },
    // A key that stands twice: the last one counts.
    { weight: 1, arbitrary: text.map((json) => `{"number":1,"name":2,"enabled":3,${json.slice(1)}`) },
    { weight: 1, arbitrary: fc.tuple(text, more).map(([json, members]) => withMembers(json, members)) },
    { weight: 1, arbitrary: text.chain(inAnotherEncoding) },
    { weight: 2, arbitrary: raw },
  );
}

function withMembers(json: string, members: string): string {
  return json === '{}' ? `{${members}}` : `${json.slice(0, -1)},${members}}`;
}

/** Whatever the content type says of it. */
function inAnotherEncoding(json: string): fc.Arbitrary<Buffer> {
  const accented = withMembers(json, '"name":"caf\u00e9"');
  return fc.constantFrom(
    Buffer.from(accented, 'latin1'),
    Buffer.from(accented, 'utf16le'),
    Buffer.from(`\ufeff${accented}`, 'utf16le').swap16(),
    Buffer.concat([
      Buffer.from(withMembers(json, '"name":"')).subarray(0, -1),
      Buffer.from([0xed, 0xa0, 0x80]),
      Buffer.from('"}'),
    ]),
    Buffer.from(withMembers(json, '"name":"\\ud800"')),
  );
}

/** Once in `freq` times something else. */
function mostly<T, U>(usual: T, other: fc.Arbitrary<U>, freq: number): fc.Arbitrary<T | U> {
  return fc.oneof<[fc.WeightedArbitrary<T>, fc.WeightedArbitrary<U>]>(
    { weight: freq - 1, arbitrary: fc.constant(usual) },
    { weight: 1, arbitrary: other },
  );
}

/** Percent-encoding that also takes lone surrogates, which have no UTF-8. */
function encoded(text: string): string {
  return encodeURIComponent(Buffer.from(text, 'utf8').toString('utf8'));
}
