import { maskNumber } from '../../../src/common/logging/mask-number.js';

describe('masked numbers in the log', () => {
  it.each([
    ['5511999999999', '5511*****9999'],
    ['5511999999999:12@s.whatsapp.net', '5511*****9999:12@s.whatsapp.net'],
    ['123456789@lid', '1234*6789@lid'],
    ['12345678', '********'],
    ['1234', '1234'],
  ])('%s becomes %s', (given, masked) => {
    expect(maskNumber(given)).toBe(masked);
  });
});
