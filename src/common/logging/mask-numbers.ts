const SHOWN_AT_START = 4;
const SHOWN_AT_END = 4;

/** Masks a phone number or JID: `5511*****9999`. Short ones are masked whole; server and device of a JID are kept. */
export function maskNumber(numberOrJid: string): string {
  return numberOrJid.replace(/\d{5,}/g, maskDigits);
}

/** Numbers in a free text that are no phone numbers, whatever their length. The first that fits takes its whole match. */
const READABLE = [
  // UUID, and ids in hex: call ids, message ids, request ids
  /(?<![0-9a-z])[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}(?![0-9a-z])/,
  /(?<![0-9a-z])(?=\d*[a-f])[0-9a-f]{7,}(?![0-9a-z])/,
  // date and time of RFC 3339 and ISO 8601
  /(?<!\d)\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:[.,]\d+)?)?(?:Z|[+-]\d\d:?\d\d)?)?(?!\d)/,
  /(?<!\d)\d{8}T\d{6}Z?(?!\d)/,
  // IPv4 address and version (three parts or more), decimal fraction; a Signal address (`<user>.<device>`) is neither
  /(?<![\d.])\d+(?:\.\d+){2,}/,
  /(?<![\d.])\d+\.\d{3,}/,
  // what is measured, and what is named
  /(?<!\d)\d+(?:\.\d+)?\s?(?:[mµun]?s|secs?|seconds?|minutes?|hours?|bytes|[kMG]i?B|B|%)(?![0-9a-z])/,
  /(?<![a-z])(?:code|errno|revision|version|port|pid)[ =:#]{1,2}-?\d{1,10}(?![\d@]|\.\d)/,
];

/**
 * Phone numbers: E.164 has at most 15 digits, and with fewer than 7 nobody is called. A port, an HTTP status, an SQLSTATE, a part of an
 * address or a year has no more than 6.
 */
const PHONE = [
  // the user of a JID, of any length
  /(?<!\d)\d{5,}(?=(?:_\d+)?(?:\.\d+)?(?::\d+)?@)/,
  // written for people: +55 (11) 98765-4321, (11) 98765-4321, 11 98765-4321
  /\+[1-9](?:[\s().-]{0,2}\d){6,14}(?!\d)/,
  /\(\d{2,4}\)\s?\d{3,5}[\s-]?\d{3,4}(?!\d)/,
  /(?<![\d.-])(?:\d{1,3}[\s-])?\d{2,3}[\s-]\d{3,5}-\d{4}(?![\d-])/,
  // digits only
  /(?<!\d)\d{7,15}(?!\d)/,
];

/** The patterns have no groups of their own that capture. */
const NUMBERS = new RegExp(`(${sourceOf(READABLE)})|${sourceOf(PHONE)}`, 'gi');

/**
 * Masks the phone numbers in a free text, such as the message of an error, and leaves ports, codes, times, versions, addresses and
 * ids readable. What could be either, as ten digits alone, is masked.
 */
export function maskNumbersIn(text: string): string {
  return text.replace(NUMBERS, (match: string, readable?: string) => readable ?? maskDigits(match));
}

/** Whatever stands between the digits is kept. */
function maskDigits(text: string): string {
  const count = text.replace(/\D/g, '').length;
  const shown = count > SHOWN_AT_START + SHOWN_AT_END;
  let position = 0;
  return text.replace(/\d/g, (digit) => {
    position += 1;
    return shown && (position <= SHOWN_AT_START || position > count - SHOWN_AT_END) ? digit : '*';
  });
}

function sourceOf(patterns: readonly RegExp[]): string {
  return patterns.map(({ source }) => source).join('|');
}
