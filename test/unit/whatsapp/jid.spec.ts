import { describe, expect, it } from '@jest/globals';
import { parseCallee } from '../../../src/whatsapp/jid.js';

const DIGITS = '4915112345678';
const MANY = 'only people can be called, not groups, channels or broadcasts';
const SERVERS = 'what follows the @ must be s.whatsapp.net, c.us or lid';
const NO_DIGITS = 'only digits and + - ( ) . are allowed, not';

const number = (digits: string) => ({ ok: true, digits, callee: { kind: 'number', candidates: [digits] } });
const lid = (digits: string) => ({ ok: true, digits, callee: { kind: 'lid', digits } });

describe('who is called', () => {
  it.each([
    DIGITS,
    '+49 151 1234-5678',
    `${DIGITS}@s.whatsapp.net`,
    '+49 151 12345678@s.whatsapp.net',
    `\u202a${DIGITS}@s.whatsapp.net\u202c`,
    `  ${DIGITS}@s.whatsapp.net \n`,
  ])('may be named by a phone number: %j', (text) => {
    expect(parseCallee(text)).toEqual(number(DIGITS));
  });

  it.each(['@c.us', '@C.US', '@S.WhatsApp.Net', '@S.WHATSAPP.NET', '@c.us '])(
    'is a person at %j, in capitals or not',
    (server) => {
      expect(parseCallee(DIGITS + server)).toEqual(number(DIGITS));
    },
  );

  it.each(['@lid', '@LID', '@Lid', ':12@lid', '_1:12@lid', '.0:3@lid'])(
    'may be named by a LID, which has no national forms and no country code: %s',
    (server) => {
      expect(parseCallee(`5511987654321${server}`)).toEqual(lid('5511987654321'));
      expect(parseCallee(`0511987654321${server}`)).toEqual(lid('0511987654321'));
    },
  );

  it.each([':0', ':12', ':99', '_1', '_0:12', '_1:3', '.0:12', '.1:3'])(
    'is the person, not the device %s',
    (device) => {
      for (const server of ['@s.whatsapp.net', '@c.us', '@C.US']) {
        expect(parseCallee(DIGITS + device + server)).toEqual(number(DIGITS));
      }
    },
  );

  it('is the person also when the dots between the digits look like a device', () => {
    expect(parseCallee('+1.212.555.0100@c.us')).toEqual(number('12125550100'));
    expect(parseCallee('+1.212.555.0100:12@c.us')).toEqual(number('12125550100'));
  });

  it.each([
    ['120363025246125486@g.us', MANY],
    ['4915112345678-1500000000@g.us', MANY],
    ['120363025246125486@G.US', MANY],
    ['120363025246125@newsletter', MANY],
    ['status@broadcast', MANY],
    ['4915112345678@broadcast', MANY],
    ['13135550002@bot', 'this is a bot, and only people can be called'],
    [
      '4915112345678:99@hosted',
      'this is a device of the WhatsApp Business Platform, which takes no calls; use the phone number',
    ],
    [
      '123456789012345:99@hosted.lid',
      'this is a device of the WhatsApp Business Platform, which takes no calls; use the phone number',
    ],
    ['4915112345678@msgr', 'this person is not on WhatsApp but on a service that is connected with it'],
    ['4915112345678@', SERVERS],
    ['ana@example.com', SERVERS],
    ['4915112345678@us', SERVERS],
    ['4915112345678@constructor', SERVERS],
    ['4915112345678@lid@s.whatsapp.net', 'it has more than one @'],
    ['4915112345678@@lid', 'it has more than one @'],
  ])('may not be %j, for the true reason: %s', (text, detail) => {
    expect(parseCallee(text)).toEqual({ ok: false, detail });
  });

  it.each([
    ['4915112345678:12', `${NO_DIGITS} ':' at position 14`],
    ['4915112345678:x@s.whatsapp.net', `${NO_DIGITS} ':' at position 14`],
    ['4915112345678_@s.whatsapp.net', `${NO_DIGITS} '_' at position 14`],
    ['ana@s.whatsapp.net', `${NO_DIGITS} 'a' at position 1`],
    ['@s.whatsapp.net', 'it has fewer than 7 digits'],
    ['123456@lid', 'it has fewer than 7 digits'],
    ['1234567890123456@lid', 'it has more than 15 digits'],
    ['005511900000101@c.us', expect.stringMatching(/^it begins with 0;/)],
  ])('may not be %j: %s', (text, detail) => {
    expect(parseCallee(text)).toEqual({ ok: false, detail });
  });
});
