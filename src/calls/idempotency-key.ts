import { InvalidIdempotencyKey } from './calls.errors.js';

/** 1–255 printable ASCII characters. `undefined` = no key was sent. @throws InvalidIdempotencyKey */
export function parseIdempotencyKey(header: string | undefined): string | undefined {
  if (header !== undefined && !/^[\x20-\x7e]{1,255}$/.test(header)) throw new InvalidIdempotencyKey();
  return header;
}
