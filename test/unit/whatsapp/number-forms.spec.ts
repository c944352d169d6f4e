import examples from 'libphonenumber-js/mobile/examples';
import { getCountries, getExampleNumber } from 'libphonenumber-js/max';
import { describe, expect, it } from '@jest/globals';
import { formsOf } from '../../../src/whatsapp/number-forms.js';

/** All numbers with these digits after the prefix, `#` being any of them. */
const expand = (pattern: string): string[] =>
  [...'0123456789'].map((digit) => pattern.replaceAll('#', digit));

describe('the forms of a Brazilian number', () => {
  it.each([
    ['5511987654321', '551187654321', 'a mobile with the ninth digit'],
    ['551187654321', '5511987654321', 'a mobile without it'],
    ['551198765432', '5511998765432', 'an old mobile that began with 9 by itself'],
    ['5511998765432', '551198765432', 'the same with the ninth digit'],
    ['559960123456', '5599960123456', 'a mobile of the north that begins with 6'],
    ['5521970123456', '552170123456', 'a mobile that began with 7'],
  ])('are %s and %s: %s', (given, other) => {
    expect(formsOf(given)).toEqual([given, other]);
    expect(formsOf(other)).toEqual([other, given]);
  });

  it.each([
    ...['2', '3', '4', '5']
      .flatMap((first) => expand(`5511${first}2345#78`))
      .map((one) => [one, 'a landline']),
    ...['2', '3', '4', '5'].map((first) => [`55119${first}1234567`, '9 before what was never an old mobile']),
    ...['0', '1'].map((first) => [`5511${first}0000101`, 'no subscriber']),
    ...['0', '1'].map((first) => [`55119${first}0000101`, '9 before no subscriber']),
    ...['1', '2', '3', '4', '5', '6', '7', '8', '0'].map((ninth) => [
      `5511${ninth}87654321`,
      'a ninth digit other than 9',
    ]),
    ['55987654321', 'no area code'],
    ['5587654321', 'no area code and no ninth digit'],
    ['5501987654321', 'an area code with 0 first'],
    ['5510987654321', 'an area code with 0 last'],
    ['550187654321', 'an area code with 0 first, and an old mobile'],
    ['55011987654321', 'an area code of three digits'],
    ['55119876543', 'too short'],
    ['551198765432100', 'too long'],
    ['5511997654', 'much too short'],
    ['558001234567', 'a toll-free number'],
    ['5540041234', 'a number of a company'],
    ['351187654321', 'of another country'],
    ['5411187654321', 'of another country, too'],
  ])('are only %s: %s', (given) => {
    expect(formsOf(given)).toEqual([given]);
  });

  it('of a landline never lead to a mobile, nor those of a mobile to a landline', () => {
    for (let area = 11; area <= 99; area += 1) {
      for (const landline of ['2', '3', '4', '5']) {
        expect(formsOf(`55${area}${landline}1234567`)).toHaveLength(1);
        expect(formsOf(`55${area}9${landline}1234567`)).toHaveLength(1);
      }
    }
  });
});

describe('the forms of a Mexican number', () => {
  it.each([
    ['5215512345678', '525512345678'],
    ['5219991234567', '529991234567'],
    ['5213312345678', '523312345678'],
    ['5215612345678', '525612345678'],
    ['5212221234567', '522221234567'],
  ])('are %s and %s', (given, other) => {
    expect(formsOf(given)).toEqual([given, other]);
    expect(formsOf(other)).toEqual([other, given]);
  });

  it.each([
    ['521234567890', 'ten digits that begin with 1, which no area code does'],
    ['5211234567890', 'an area code that begins with 1'],
    ['5201234567890', 'an area code that begins with 0'],
    ['52551234567', 'nine digits'],
    ['5255123456789', 'eleven digits without the 1'],
    ['521551234567', 'nine digits after the 1'],
    ['52155123456789', 'eleven digits after the 1'],
    ['5245512345678', 'another digit in the place of the 1'],
    ['528001234567', 'a toll-free number'],
    ['5031551234567', 'of another country'],
  ])('are only %s: %s', (given) => {
    expect(formsOf(given)).toEqual([given]);
  });
});

describe('the forms of an Argentine number', () => {
  it.each([
    ['5491112345678', '541112345678'],
    ['5491161234567', '541161234567'],
    ['5492211234567', '542211234567'],
    ['5493511234567', '543511234567'],
    ['5492966123456', '542966123456'],
    ['5493794123456', '543794123456'],
  ])('are %s and %s', (given, other) => {
    expect(formsOf(given)).toEqual([given, other]);
    expect(formsOf(other)).toEqual([other, given]);
  });

  it.each([
    ['54111234567', 'nine digits'],
    ['5411123456789', 'eleven digits'],
    ['549111234567', 'nine digits after the 9'],
    ['54911123456789', 'eleven digits after the 9'],
    ['541212345678', 'an area code that begins with 1 and is not 11'],
    ['544112345678', 'an area code that begins with 4'],
    ['549911234567', 'ten digits that begin with 9'],
    ['5491512345678', '15, which is dialled inside the country, for an area code'],
    ['54911151234567', '15 before the subscriber'],
    ['5481112345678', 'another digit in the place of the 9'],
    ['548001234567', 'a toll-free number'],
    ['5951112345678', 'of another country'],
  ])('are only %s: %s', (given) => {
    expect(formsOf(given)).toEqual([given]);
  });
});

describe('the forms of any other number', () => {
  it('are one, in every country of the world', () => {
    const others = getCountries().filter((country) => !['BR', 'MX', 'AR'].includes(country));
    expect(others.length).toBeGreaterThan(200);
    for (const country of others) {
      const digits = getExampleNumber(country, examples)?.number.slice(1) ?? '';
      expect([country, formsOf(digits)]).toEqual([country, [digits]]);
    }
  });

  it.each(['1234567', '9999999', '999999999999999', '2101234567', '13135550002', '8881234567'])(
    'is %s, also where the metadata knows no such number',
    (digits) => {
      expect(formsOf(digits)).toEqual([digits]);
    },
  );
});
