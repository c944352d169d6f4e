import fc from 'fast-check';
import { asRecord, type ApiDocument } from './api-document.js';

const HOSTILE_TEXTS = [
  '',
  ' ',
  '\u0000',
  'a\u0000b',
  '\n\r\t',
  '\ud800',
  '\ufeff',
  '\u202e5511999990001',
  '٥٥١١٩٩٩٩٩٠٠٠١',
  '😀'.repeat(40),
  'é'.normalize('NFD'),
  '../../etc/passwd',
  "' OR 1=1 --",
  '%00',
  '%s%n',
  '${7*7}',
  '<script>alert(1)</script>',
  '__proto__',
  'constructor',
  'null',
  'true',
  '-1',
  '1e3',
  'NaN',
  '99999999999999999999',
  '5511999990001@g.us',
  '5511999990001@s.whatsapp.net',
  '123@lid',
  '+55 (11) 99999-0001',
  'whsec_AAAA',
  'http://127.0.0.1:1/hook',
  'https://[::1]/',
  'https://user:pass@example.com/',
  'file:///etc/passwd',
  'rotate',
  '2026-13-45T99:99:99Z',
  '0001-01-01T00:00:00Z',
  '+275760-09-13T00:00:00.001Z',
  'x'.repeat(101),
  'x'.repeat(5000),
];
const HOSTILE_NUMBERS = [0, -0, 1, -1, 0.5, 60, 61, 101, 32_768, 2 ** 31, 2 ** 53, -(2 ** 63), 1e308, 5e-324];

export const hostileText: fc.Arbitrary<string> = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom(...HOSTILE_TEXTS) },
  { weight: 1, arbitrary: fc.string({ unit: 'binary', maxLength: 60 }) },
  { weight: 1, arbitrary: fc.string({ unit: 'grapheme', maxLength: 60 }) },
);

export const hostileValue: fc.Arbitrary<unknown> = fc.oneof(
  { weight: 5, arbitrary: hostileText },
  { weight: 3, arbitrary: fc.constantFrom<unknown>(...HOSTILE_NUMBERS) },
  { weight: 2, arbitrary: fc.constantFrom<unknown>(null, true, false, [], {}, [null], { a: { b: [] } }) },
  { weight: 1, arbitrary: fc.jsonValue({ maxDepth: 3 }) },
  { weight: 1, arbitrary: fc.array(hostileText, { maxLength: 40 }) },
);

/** Values that a schema allows, as far as its example, choices and limits tell. */
export function plausibleValue(document: ApiDocument, schema: unknown): fc.Arbitrary<unknown> {
  const { type, enum: choices, example, minimum, maximum, items, oneOf } = document.resolve(schema);
  const types: unknown[] = Array.isArray(type) ? type : [type];
  const options: fc.Arbitrary<unknown>[] = [];
  if (example !== undefined) options.push(fc.constant(example));
  if (Array.isArray(choices)) options.push(fc.constantFrom<unknown>(...(choices as unknown[])));
  if (types.includes('boolean')) options.push(fc.boolean());
  if (types.includes('null')) options.push(fc.constant(null));
  if (types.includes('integer') || types.includes('number')) {
    const min = typeof minimum === 'number' ? minimum : 0;
    options.push(fc.integer({ min, max: typeof maximum === 'number' ? maximum : min + 1000 }));
  }
  if (types.includes('array')) options.push(fc.array(plausibleValue(document, items), { maxLength: 4 }));
  if (Array.isArray(oneOf)) options.push(...oneOf.map((one: unknown) => plausibleValue(document, one)));
  if (options.length === 0) options.push(fc.string({ unit: 'grapheme-ascii', maxLength: 20 }));
  return fc.oneof(...options);
}

/** Objects of a schema in which some fields are missing and some are not what they should be. */
export function mutatedObject(document: ApiDocument, schema: unknown): fc.Arbitrary<unknown> {
  const properties = Object.entries(asRecord(document.resolve(schema)['properties']));
  const fields = properties.map(([name, property]) =>
    fc.oneof(
      { weight: 5, arbitrary: plausibleValue(document, property).map((value) => [name, value] as const) },
      { weight: 4, arbitrary: fc.constant(undefined) },
      { weight: 1, arbitrary: hostileValue.map((value) => [name, value] as const) },
    ),
  );
  const strange = fc.oneof(
    { weight: 12, arbitrary: fc.constant(undefined) },
    {
      weight: 1,
      arbitrary: fc.tuple(fc.constantFrom('__proto__', 'constructor', 'toString', '', 'extra'), hostileValue),
    },
  );
  return fc
    .tuple(...fields, strange)
    .map((entries) => Object.fromEntries(entries.filter((entry) => entry !== undefined)));
}
