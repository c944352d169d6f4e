/** 32 random bytes have fewer different ones, or are all printable ASCII, less than once in 10^12 keys. */
const MIN_DIFFERENT_BYTES = 16;
/** 32 random hex digits have fewer different ones less than once in 10^7 tokens. */
const MIN_DIFFERENT_CHARACTERS = 8;
/** What people write where a secret should be. */
const PLACEHOLDERS =
  /change[-_ ]?(?:me|this|it)|pass(?:word|wort|phrase)|secret|admin|token|metrics|ringdrop|default|example|sample|insecure|letmein|welcome|test(?:ing)?|demo|qwert[yz]|asdf(?:gh)?|replace|please|your|here|key/gi;
const MIN_RUN_LENGTH = 4;
/** Letters and digits of a token besides such words and runs such as `1234`: 16 hex digits still have 64 bits. */
const MIN_UNEXPLAINED_CHARACTERS = 16;

/**
 * True for a 32-byte key that nobody drew at random: few different bytes, a counting row, a part that is repeated, a text.
 *
 * @param written the key as the operator wrote it, in hex or base64: its letters may be a text although its bytes are none
 */
export function isWeakKey(key: Buffer, written: string): boolean {
  const bytes = [...key];
  return (
    new Set(bytes).size < MIN_DIFFERENT_BYTES ||
    isCountingRow(bytes) ||
    isRepetition(written) ||
    bytes.every((byte) => byte >= 0x20 && byte < 0x7f) ||
    isText(written)
  );
}

/** True for a token that nobody drew at random: few different characters, a counting row, a repetition, placeholder words. */
export function isWeakToken(token: string): boolean {
  const characters = [...token].map((character) => character.codePointAt(0) ?? 0);
  const unexplained = withoutRuns(token.replaceAll(PLACEHOLDERS, '').replaceAll(/[^A-Za-z0-9]/g, ''));
  return (
    new Set(characters).size < MIN_DIFFERENT_CHARACTERS ||
    isCountingRow(characters) ||
    isRepetition(token) ||
    unexplained.length < MIN_UNEXPLAINED_CHARACTERS
  );
}

/** Leaves out counting rows and repeated characters, such as `abcdef`, `4321` and `xxxx`. */
function withoutRuns(text: string): string {
  let rest = '';
  for (let at = 0; at < text.length;) {
    let length = MIN_RUN_LENGTH;
    const isRun = (): boolean =>
      at + length <= text.length &&
      isCountingRow(
        [...text.slice(at, at + length)].map((one) => one.charCodeAt(0)),
        1,
      );
    if (!isRun()) {
      rest += text[at];
      at += 1;
      continue;
    }
    while (isRun()) length += 1;
    at += length - 1;
  }
  return rest;
}

/** Each value differs from the one before by the same step, which is `maxStep` at most. */
function isCountingRow(values: readonly number[], maxStep = Infinity): boolean {
  const [first = 0, second = 0] = values;
  const step = second - first;
  if (Math.abs(step) > maxStep) return false;
  return values.every((value, index) => index === 0 || value - (values[index - 1] ?? 0) === step);
}

/** The same part again and again, the last time perhaps not to its end. */
function isRepetition(text: string): boolean {
  for (let period = 1; period <= text.length / 2; period += 1) {
    if (text.slice(period) === text.slice(0, -period)) return true;
  }
  return false;
}

/** 64 random hex digits are all decimal once in 10^13 keys, 43 of base64 lack capital or small letters once in 10^9. */
function isText(written: string): boolean {
  if (/^[0-9a-f]{64}$/i.test(written)) return /^\d+$/.test(written);
  return !/[a-z]/.test(written) || !/[A-Z]/.test(written);
}
