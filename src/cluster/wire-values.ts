/** Reads values that came as JSON from another process; each throws a `TypeError` for anything else. */

export type Fields = Readonly<Record<string, unknown>>;

export function fieldsOf(value: unknown): Fields {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new TypeError('No object');
  return { ...value };
}

export function text(value: unknown): string {
  if (typeof value !== 'string') throw new TypeError('No text');
  return value;
}

export function number(value: unknown): number {
  if (typeof value !== 'number') throw new TypeError('No number');
  return value;
}

export function flag(value: unknown): boolean {
  if (typeof value !== 'boolean') throw new TypeError('Neither true nor false');
  return value;
}

/** From RFC 3339, as `JSON.stringify` writes dates. */
export function date(value: unknown): Date {
  const parsed = new Date(text(value));
  if (Number.isNaN(parsed.getTime())) throw new TypeError('No date');
  return parsed;
}

export function textOrNull(value: unknown): string | null {
  return value === null ? null : text(value);
}

export function dateOrNull(value: unknown): Date | null {
  return value === null ? null : date(value);
}

export function texts(value: unknown): readonly string[] {
  if (!Array.isArray(value)) throw new TypeError('No list');
  return value.map(text);
}

export function oneOf<T extends string>(values: readonly T[]): (value: unknown) => T {
  return (value) => {
    const found = values.find((known) => known === value);
    if (found === undefined) throw new TypeError('Not one of the known words');
    return found;
  };
}

/** The result of a command that only succeeds or fails. */
export function nothing(): void {}
