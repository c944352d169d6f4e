/** 32 random bytes have fewer different ones, or are all printable ASCII, less than once in 10^12 keys. */
const MIN_DIFFERENT_BYTES = 16;
/** 32 random hex digits have fewer different ones less than once in 10^7 tokens. */
const MIN_DIFFERENT_CHARACTERS = 8;

/** True for a 32-byte key that nobody drew at random: few different bytes, a counting row, or a text. */
export function isWeakKey(key: Buffer): boolean {
  const bytes = [...key];
  return (
    new Set(bytes).size < MIN_DIFFERENT_BYTES ||
    isCountingRow(bytes) ||
    bytes.every((byte) => byte >= 0x20 && byte < 0x7f)
  );
}

/** True for a token that nobody drew at random: few different characters, or a counting row. */
export function isWeakToken(token: string): boolean {
  const characters = [...token].map((character) => character.codePointAt(0) ?? 0);
  return new Set(characters).size < MIN_DIFFERENT_CHARACTERS || isCountingRow(characters);
}

/** Each value differs from the one before by the same step. */
function isCountingRow(values: readonly number[]): boolean {
  const [first = 0, second = 0] = values;
  const step = second - first;
  return values.every((value, index) => index === 0 || value - (values[index - 1] ?? 0) === step);
}
