export type Parsed<T> = ({ readonly ok: true } & T) | { readonly ok: false; readonly detail: string };

const MIN_DIGITS = 7;
/** E.164 allows 15 digits. */
const MAX_DIGITS = 15;
/** More than any decoration of a number needs; what is longer is not looked at. */
const MAX_CHARACTERS = 256;

/** Nobody sees these: marks of direction (a phone's address book, WhatsApp Web), joiners, soft hyphens, byte order marks. */
const INVISIBLE = '\\p{Cf}\\p{Default_Ignorable_Code_Point}';
/** Of every width, and the tabs and line ends that come with a cell or a wrapped line. */
const SPACES = '\\p{White_Space}\\p{Z}';
/** Dashes, and what looks like one: minus signs, a hyphen bullet, a Japanese prolonged sound mark, a box-drawing line. */
const DASHES = '\\p{Pd}\\u2212\\u02d7\\u2043\\u207b\\u208b\\u2796\\u30fc\\uff70\\u2500';
/** Full stops and the dots that typesetters put in their place. */
const DOTS = '.\\uff0e\\u2024\\ufe52\\u00b7\\u2022\\u2027\\u2219\\u22c5\\u30fb\\uff65\\u06d4';
const PARENTHESES = '()\\uff08\\uff09\\ufe59\\ufe5a';
const PLUSES = '+\\uff0b\\ufe62\\u207a\\u2795';

const IGNORED = new RegExp(`[${INVISIBLE}${SPACES}${DASHES}${DOTS}${PARENTHESES}${PLUSES}]`, 'u');
const MARGIN = new RegExp(`[${INVISIBLE}${SPACES}]`, 'gu');
/** The mark of a text in a spreadsheet, or the scheme of a link (RFC 3966). */
const PREFIX = new RegExp(`^[${INVISIBLE}${SPACES}]*(?:['\\u2018\\u2019]|tel:)`, 'iu');
/** A number that a spreadsheet has taken for one with decimals. */
const DECIMALS = /(?<=^\d+)\.0+$/;
const VISIBLE = /^[\p{L}\p{N}\p{P}\p{S}]$/u;
const DECIMAL_DIGIT = /\p{Nd}/u;

/** Without the spaces and invisible characters of every kind. */
export function withoutSpaces(text: string): string {
  return text.replace(MARGIN, '');
}

/**
 * A phone number in international format. Left out is whatever people and programs put around and between digits; digits
 * of other scripts are read as what they are. Signs that may part two numbers or begin an extension (`/ , ; ~ x`) are refused:
 * the digits on both sides could make up the number of somebody else.
 */
export function parsePhoneNumber(text: string): Parsed<{ readonly digits: string }> {
  const parsed = parseDigits(text);
  // No country code begins with 0 (ITU-T E.164): it is a prefix for dialling, national or international.
  if (parsed.ok && parsed.digits.startsWith('0')) {
    const detail =
      'it begins with 0; write the country code first, without 00 or 0 before it, as in 5511999999999';
    return { ok: false, detail };
  }
  return parsed.ok ? withinLengths(parsed.digits) : parsed;
}

/** The digits of a LID, which may be decorated like those of a phone number. */
export function parseLid(text: string): Parsed<{ readonly digits: string }> {
  const parsed = parseDigits(text);
  return parsed.ok ? withinLengths(parsed.digits) : parsed;
}

function withinLengths(digits: string): Parsed<{ readonly digits: string }> {
  if (digits.length < MIN_DIGITS) return { ok: false, detail: `it has fewer than ${MIN_DIGITS} digits` };
  if (digits.length > MAX_DIGITS) return { ok: false, detail: `it has more than ${MAX_DIGITS} digits` };
  return { ok: true, digits };
}

function parseDigits(text: string): Parsed<{ readonly digits: string }> {
  if (text.length > MAX_CHARACTERS)
    return { ok: false, detail: `it has more than ${MAX_CHARACTERS} characters` };
  // What is left out before the digits keeps its place, so that positions are those in the given text.
  const plain = text.replace(PREFIX, (prefix) => ' '.repeat([...prefix].length));
  const characters = [...plain.replace(DECIMALS, '')];
  const stranger = characters.findIndex((one) => !IGNORED.test(one) && !DECIMAL_DIGIT.test(one));
  if (stranger >= 0) {
    const name = nameOf(characters[stranger] ?? '');
    return {
      ok: false,
      detail: `only digits and + - ( ) . are allowed, not ${name} at position ${stranger + 1}`,
    };
  }
  return {
    ok: true,
    digits: characters
      .filter((one) => DECIMAL_DIGIT.test(one))
      .map(asciiDigit)
      .join(''),
  };
}

/** Unicode keeps the ten digits of a script together, from 0 to 9, and no script begins in the middle of such a row. */
function asciiDigit(digit: string): string {
  const code = digit.codePointAt(0) ?? 0;
  let first = code;
  while (DECIMAL_DIGIT.test(String.fromCodePoint(first - 1))) first -= 1;
  return String((code - first) % 10);
}

/** A character as it can be read in a message, also when it cannot be seen or looks like another. */
function nameOf(character: string): string {
  const code = character.codePointAt(0) ?? 0;
  const codePoint = `U+${code.toString(16).toUpperCase().padStart(4, '0')}`;
  if (!VISIBLE.test(character)) return codePoint;
  return code < 0x80 ? `'${character}'` : `'${character}' (${codePoint})`;
}
