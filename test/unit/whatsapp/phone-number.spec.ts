import { describe, expect, it } from '@jest/globals';
import { parsePhoneNumber } from '../../../src/whatsapp/phone-number.js';

const DIGITS = '5511900000101';
const code = (character: string): string =>
  `U+${(character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}`;

/** Every character of Unicode that matches. */
function charactersOf(property: RegExp): string[] {
  const found: string[] = [];
  for (let point = 0; point <= 0x10ffff; point += 1) {
    const character = String.fromCodePoint(point);
    if (property.test(character)) found.push(character);
  }
  return found;
}

describe('a phone number', () => {
  it.each([
    ['5511900000101', DIGITS],
    ['+55 (11) 90000-0101', DIGITS],
    ['+55.11.90000.0101', DIGITS],
    ['1234567', '1234567'],
    ['123456789012345', '123456789012345'],
  ])('may be written %s', (text, digits) => {
    expect(parsePhoneNumber(text)).toEqual({ ok: true, digits });
  });

  it.each([
    ["the marks of direction of a phone's address book", '\u202a+55 11 90000-0101\u202c'],
    ['the isolates of WhatsApp Web', '\u2068+55 11 90000-0101\u2069'],
    ['marks of direction of both kinds', '\u200e\u200f\u061c+5511900000101'],
    ['no-break spaces', '+55\u00a011\u00a090000\u20110101'],
    ['thin and figure spaces', '+55\u200911\u200790000\u202f0101'],
    ['an ideographic space', '+55\u300011 90000-0101'],
    ['a zero-width space and a joiner', '+55\u200b11\u200d90000\u20600101'],
    ['soft hyphens of a PDF', '+55\u00ad11\u00ad900\u00ad000101'],
    ['a byte order mark', '\ufeff5511900000101'],
    ['an en dash and an em dash', '+55 11 90000\u20130101\u2014'],
    ['a minus sign', '+55 11 90000\u22120101'],
    ['a full-width hyphen and a prolonged sound mark', '+55\uff0d11\u30fc900000101'],
    ['full-width signs', '\uff0b55\uff0811\uff0990000\uff0e0101'],
    ['middle dots', '+55\u00b711\u00b790000\u00b70101'],
    ['the tab and the line end of a cell', '\t+5511900000101\r\n'],
    ['a line break of a wrapped text', '+55 11\n90000-0101'],
    ['the text mark of a spreadsheet', "'+5511900000101"],
    ['the text mark, made typographic', '\u2019+5511900000101'],
    ['decimals of a spreadsheet', '5511900000101.0'],
    ['decimals of a spreadsheet, two', '5511900000101.00'],
    ['a link', 'tel:+55-11-90000-0101'],
    ['a link in capitals, with a space', ' TEL: +5511900000101'],
  ])('may come with %s', (_, text) => {
    expect(parsePhoneNumber(text)).toEqual({ ok: true, digits: DIGITS });
  });

  it.each([
    ['format character', /^\p{Cf}$/u],
    ['space', /^[\p{Z}\p{White_Space}]$/u],
    ['dash', /^\p{Pd}$/u],
  ])('may have every %s of Unicode around and between its digits', (_, property) => {
    const characters = charactersOf(property);
    expect(characters.length).toBeGreaterThan(20);
    const refused = characters.filter((one) => {
      const parsed = parsePhoneNumber(`${one}55${one}11900000101${one}`);
      return !parsed.ok || parsed.digits !== DIGITS;
    });
    expect(refused.map(code)).toEqual([]);
  });

  it('may be written with the digits of any script', () => {
    const zeros = charactersOf(/^\p{Nd}$/u).filter((_, index) => index % 10 === 0);
    expect(zeros.length).toBeGreaterThan(60);
    expect(zeros).toEqual(expect.arrayContaining(['0', '٠', '۰', '०', '０', '𝟎', '𝟘', '𝟶']));
    for (const zero of zeros) {
      const first = zero.codePointAt(0) ?? 0;
      const text = [...DIGITS].map((digit) => String.fromCodePoint(first + Number(digit))).join('');
      expect([code(zero), parsePhoneNumber(text)]).toEqual([code(zero), { ok: true, digits: DIGITS }]);
    }
    for (const system of ['arab', 'arabext', 'beng', 'deva', 'fullwide', 'mathbold', 'thai']) {
      const text = new Intl.NumberFormat(`en-u-nu-${system}`, { useGrouping: false }).format(Number(DIGITS));
      expect([system, parsePhoneNumber(text)]).toEqual([system, { ok: true, digits: DIGITS }]);
    }
  });

  it.each([
    ['a letter', '49151l2345678', "'l' at position 6"],
    ['words', 'call me maybe', "'c' at position 1"],
    [
      'a letter of another script that looks like a digit',
      '55119\u041e0000101',
      "'О' (U+041E) at position 6",
    ],
    ['a control character', '55119\u00000000101', 'U+0000 at position 6'],
    ['a control character that is no space', '5511900000101\u0007', 'U+0007 at position 14'],
    ['an invisible letter', '55119\u0301', 'U+0301 at position 6'],
    ['half of a surrogate pair', '5511900\ud8000101', 'U+D800 at position 8'],
    ['a picture', '\u{1f4de} 5511900000101', "'📞' (U+1F4DE) at position 1"],
    ['a picture before a letter', '+55 11 9\u200b0\u{1f4de}', "'📞' (U+1F4DE) at position 11"],
    ['an extension', '+55 11 90000-0101 x12', "'x' at position 19"],
    ['a pause', '+5511900000101,12', "',' at position 15"],
    ['two numbers', '+5511900000101/02', "'/' at position 15"],
    ['a range', '+5511900000101~2', "'~' at position 15"],
    ['parameters of a link', 'tel:+5511900000101;ext=12', "';' at position 19"],
    ['a scientific number', '5.5119E+12', "'E' at position 7"],
    ['quotation marks', '"5511900000101"', `'"' at position 1`],
    ['an apostrophe in the middle', "55119'00000101", "''' at position 6"],
    ['a superscript', '5511900000101\u00b2', "'²' (U+00B2) at position 14"],
    ['a JID', '5511900000101@s.whatsapp.net', "'@' at position 14"],
  ])('is refused with the place of what does not belong there: %s', (_, text, place) => {
    expect(parsePhoneNumber(text)).toEqual({
      ok: false,
      detail: `only digits and + - ( ) . are allowed, not ${place}`,
    });
  });

  it.each([
    '05511900000101',
    '005511900000101',
    '+05511900000101',
    '0',
    '(011) 90000-0101',
    '٠٥٥١١٩٠٠٠٠٠١٠١',
    '000',
  ])('does not begin with 0, whatever follows: %s', (text) => {
    const detail =
      'it begins with 0; write the country code first, without 00 or 0 before it, as in 5511999999999';
    expect(parsePhoneNumber(text)).toEqual({ ok: false, detail });
  });

  it.each([
    ['123456', 'it has fewer than 7 digits'],
    ['', 'it has fewer than 7 digits'],
    ['+ ( ) - .', 'it has fewer than 7 digits'],
    ['\u202a\u202c', 'it has fewer than 7 digits'],
    ['tel:', 'it has fewer than 7 digits'],
    ['1234567890123456', 'it has more than 15 digits'],
    ['4915112345678\n4915187654321', 'it has more than 15 digits'],
    ['9'.repeat(257), 'it has more than 256 characters'],
    ['\u{1d7d8}'.repeat(90_000), 'it has more than 256 characters'],
  ])('has 7 to 15 digits: %.40j', (text, detail) => {
    expect(parsePhoneNumber(text)).toEqual({ ok: false, detail });
  });

  it('loses no digit but the decimals of a spreadsheet', () => {
    expect(parsePhoneNumber('+49.151.0000')).toEqual({ ok: true, digits: '491510000' });
    expect(parsePhoneNumber('4915112345.000')).toEqual({ ok: true, digits: '4915112345' });
    expect(parsePhoneNumber('4915112345.010')).toEqual({ ok: true, digits: '4915112345010' });
  });
});
