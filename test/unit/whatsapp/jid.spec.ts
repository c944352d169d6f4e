import { describe, expect, it } from '@jest/globals';
import { parseCallee, parsePhoneNumber } from '../../../src/whatsapp/jid.js';

const PEOPLE_ONLY = 'only people can be called, not groups, channels or broadcasts';

describe('the number of a call', () => {
  it.each([
    ['4915112345678', '4915112345678'],
    ['+49 151 1234-5678', '4915112345678'],
    ['+1 (212) 555.0100', '12125550100'],
    ['  4915112345678  ', '4915112345678'],
    ['4915112345678@s.whatsapp.net', '4915112345678'],
    ['+49 151 12345678@s.whatsapp.net', '4915112345678'],
  ])('may be written %j', (text, digits) => {
    expect(parseCallee(text)).toEqual({
      ok: true,
      digits,
      callee: { kind: 'number', candidates: [digits] },
    });
  });

  it('may be the LID of a person, which has no national forms', () => {
    expect(parseCallee('5511987654321@lid')).toEqual({
      ok: true,
      digits: '5511987654321',
      callee: { kind: 'lid', digits: '5511987654321' },
    });
  });

  it.each([
    ['1234567', '7 digits, the shortest'],
    ['123456789012345', '15 digits, the longest that E.164 allows'],
  ])('may have the length of %s (%s)', (digits) => {
    expect(parseCallee(digits)).toMatchObject({ ok: true, digits });
  });

  it.each([
    ['123456', 'it has fewer than 7 digits'],
    ['1234567890123456', 'it has more than 15 digits'],
    ['', 'it has fewer than 7 digits'],
    ['+ ( ) - .', 'it has fewer than 7 digits'],
    ['@s.whatsapp.net', 'it has fewer than 7 digits'],
    ['123456@lid', 'it has fewer than 7 digits'],
    ['call me maybe', 'only digits and + - ( ) . are allowed'],
    ['49151l2345678', 'only digits and + - ( ) . are allowed'],
    ['4915112345678\n4915187654321', 'only digits and + - ( ) . are allowed'],
    ['٤٩١٥١١٢٣٤٥', 'only digits and + - ( ) . are allowed'],
    ['4915112345678:12@s.whatsapp.net', 'only digits and + - ( ) . are allowed'],
    ['120363025246125486@g.us', PEOPLE_ONLY],
    ['4915112345678-1500000000@g.us', PEOPLE_ONLY],
    ['120363025246125@newsletter', PEOPLE_ONLY],
    ['status@broadcast', PEOPLE_ONLY],
    ['4915112345678@broadcast', PEOPLE_ONLY],
    ['4915112345678@c.us', PEOPLE_ONLY],
    ['4915112345678@S.WHATSAPP.NET', PEOPLE_ONLY],
    ['4915112345678@', PEOPLE_ONLY],
    ['4915112345678@lid@s.whatsapp.net', 'it has more than one @'],
    ['4915112345678@@lid', 'it has more than one @'],
  ])('may not be %j: %s', (text, detail) => {
    expect(parseCallee(text)).toEqual({ ok: false, detail });
  });
});

describe('a Brazilian number', () => {
  it.each([
    ['5511987654321', '551187654321', 'a mobile with the ninth digit, then without'],
    ['551187654321', '5511987654321', 'a number without the ninth digit, then with'],
    ['551198765432', '5511998765432', 'an old number that begins with 9 by itself'],
    ['551133334444', '5511933334444', 'a landline, which may have been a mobile'],
  ])('%s is also looked up as %s: %s', (digits, twin) => {
    expect(parseCallee(`+${digits}`)).toMatchObject({
      digits,
      callee: { kind: 'number', candidates: [digits, twin] },
    });
  });

  it.each([
    ['5511887654321', 'thirteen digits whose ninth is not 9'],
    ['55119876543', 'too short for a subscriber'],
    ['55119876543210', 'too long for a subscriber'],
    ['3511987654321', 'another country'],
  ])('has no twin when it is %s (%s)', (digits) => {
    expect(parseCallee(digits)).toMatchObject({ callee: { kind: 'number', candidates: [digits] } });
  });

  it('leads back to itself through its twin', () => {
    const there = parseCallee('5521912345678');
    const twin = there.ok && there.callee.kind === 'number' ? there.callee.candidates[1] : undefined;
    expect(parseCallee(twin ?? '')).toMatchObject({ callee: { candidates: [twin, '5521912345678'] } });
  });
});

describe('the number of the phone to link', () => {
  it('is cleaned of its punctuation', () => {
    expect(parsePhoneNumber('+55 (11) 98765-4321')).toEqual({ ok: true, digits: '5511987654321' });
  });

  it('is not a JID', () => {
    expect(parsePhoneNumber('5511987654321@s.whatsapp.net')).toEqual({
      ok: false,
      detail: 'only digits and + - ( ) . are allowed',
    });
  });
});
