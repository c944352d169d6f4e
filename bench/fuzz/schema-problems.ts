import { asRecord, type ApiDocument, type Json } from './api-document.js';

const FORMATS: Readonly<Record<string, RegExp>> = {
  'date-time': /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/,
  uuid: /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/,
};

/**
 * What is wrong with a value, as JSON Schema 2020-12 has it for the keywords that the product's document uses. Stricter in one
 * thing: a field that is not documented is a problem, because it may tell what nobody meant to tell.
 */
export function schemaProblems(document: ApiDocument, schema: unknown, value: unknown, at = '$'): string[] {
  const resolved = document.resolve(schema);
  return [
    ...typeProblems(resolved, value, at),
    ...choiceProblems(document, resolved, value, at),
    ...listOf(resolved, 'allOf').flatMap((part) =>
      schemaProblems(document, part, value, at).filter((problem) => !problem.endsWith(NOT_DOCUMENTED)),
    ),
    ...textProblems(resolved, value, at),
    ...numberProblems(resolved, value, at),
    ...objectProblems(document, resolved, value, at),
    ...arrayProblems(document, resolved, value, at),
  ];
}

const NOT_DOCUMENTED = 'is not documented';

function typeProblems(schema: Json, value: unknown, at: string): string[] {
  const { type, enum: choices } = schema;
  const types = typeof type === 'string' ? [type] : listOf(schema, 'type');
  const problems: string[] = [];
  if (types.length > 0 && !types.some((one) => isOfType(one, value))) {
    problems.push(`${at} is ${kindOf(value)}, not ${types.join(' or ')}`);
  }
  if (Array.isArray(choices) && !choices.includes(value)) problems.push(`${at} is none of the listed values`);
  return problems;
}

function choiceProblems(document: ApiDocument, schema: Json, value: unknown, at: string): string[] {
  return ['anyOf', 'oneOf'].flatMap((keyword) => {
    const choices = listOf(schema, keyword);
    const fits = choices.some((choice) => schemaProblems(document, choice, value, at).length === 0);
    return choices.length === 0 || fits ? [] : [`${at} fits none of ${keyword}`];
  });
}

function textProblems({ format, pattern, minLength, maxLength }: Json, value: unknown, at: string): string[] {
  if (typeof value !== 'string') return [];
  const problems: string[] = [];
  const known = typeof format === 'string' ? FORMATS[format] : undefined;
  if (known && !known.test(value)) problems.push(`${at} is no ${String(format)}`);
  if (typeof pattern === 'string' && !new RegExp(pattern, 'u').test(value))
    problems.push(`${at} breaks its pattern`);
  if (typeof minLength === 'number' && value.length < minLength) problems.push(`${at} is too short`);
  if (typeof maxLength === 'number' && value.length > maxLength) problems.push(`${at} is too long`);
  return problems;
}

function numberProblems({ minimum, maximum }: Json, value: unknown, at: string): string[] {
  if (typeof value !== 'number') return [];
  const isSmall = typeof minimum === 'number' && value < minimum;
  const isBig = typeof maximum === 'number' && value > maximum;
  return isSmall || isBig ? [`${at} is out of range`] : [];
}

function objectProblems(document: ApiDocument, schema: Json, value: unknown, at: string): string[] {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return [];
  const fields = asRecord(value);
  const missing = listOf(schema, 'required').filter((name) => typeof name === 'string' && !(name in fields));
  const own = asRecord(schema['properties']);
  const known = knownProperties(document, schema);
  const isOpen = known.size === 0 || schema['additionalProperties'] !== undefined;
  return [
    ...missing.map((name) => `${at}.${String(name)} is missing`),
    ...Object.entries(fields).flatMap(([name, field]) => {
      if (Object.hasOwn(own, name)) return schemaProblems(document, own[name], field, `${at}.${name}`);
      return isOpen || known.has(name) ? [] : [`${at}.${name} ${NOT_DOCUMENTED}`];
    }),
  ];
}

function arrayProblems(document: ApiDocument, { items }: Json, value: unknown, at: string): string[] {
  if (!Array.isArray(value) || items === undefined) return [];
  return value.flatMap((one, index) => schemaProblems(document, items, one, `${at}[${index}]`));
}

function knownProperties(document: ApiDocument, schema: Json): Set<string> {
  const parts = ['allOf', 'anyOf', 'oneOf'].flatMap((keyword) => listOf(schema, keyword));
  return new Set([
    ...Object.keys(asRecord(schema['properties'])),
    ...parts.flatMap((part) => [...knownProperties(document, document.resolve(part))]),
  ]);
}

function listOf(schema: Json, keyword: string): readonly unknown[] {
  const list = schema[keyword];
  return Array.isArray(list) ? list : [];
}

function isOfType(type: unknown, value: unknown): boolean {
  if (type === 'integer') return Number.isInteger(value);
  return type === kindOf(value);
}

function kindOf(value: unknown): string {
  if (value === null) return 'null';
  return Array.isArray(value) ? 'array' : typeof value;
}
