import { maskNumber, maskNumbersIn } from '../../../src/common/logging/mask-numbers.js';

describe('a phone number or JID in the log', () => {
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

describe('a free text with numbers', () => {
  it.each([
    ['no route for 5511987654321', 'no route for 5511*****4321'],
    ['number:5511987654321, again', 'number:5511*****4321, again'],
    ['no session for 5511987654321.0', 'no session for 5511*****4321.0'],
    ['no session for 123456789012345_1.12', 'no session for 1234*******2345_1.12'],
    ['5511987654321:12@s.whatsapp.net left', '5511*****4321:12@s.whatsapp.net left'],
    ['code 5511987654321@s.whatsapp.net', 'code 5511*****4321@s.whatsapp.net'],
    ['120363025246125486@g.us', '1203**********5486@g.us'],
    ['123456@lid', '******@lid'],
    ['call +55 (11) 98765-4321 now', 'call +55 (11) *****-4321 now'],
    ['call +1.415.555.0100', 'call +1.415.***.0100'],
    ['call (11) 98765-4321', 'call (11) 98***-4321'],
    ['call 55 11 98765-4321', 'call 55 11 *****-4321'],
    ['call 415-555-0100', 'call 415-5**-0100'],
    ['to 1234567', 'to *******'],
    ['Error: 5511987654321 is not registered', 'Error: 5511*****4321 is not registered'],
    ['wa5511987654321x', 'wa5511*****4321x'],
    ['"5511987654321"', '"5511*****4321"'],
  ])('masks the phone number: %s', (given, masked) => {
    expect(maskNumbersIn(given)).toBe(masked);
  });

  it.each([
    'connect ECONNREFUSED 127.0.0.1:44159',
    'connect ECONNREFUSED 203.0.113.255:65535',
    'connect ETIMEDOUT 2606:2800:220:1:248:1893:25c8:1946:44159',
    'connect EHOSTUNREACH [fd00::12345]:10080',
    'getaddrinfo ENOTFOUND proxy.example.com:31280',
    'http://proxy.example:54321/path',
    'listen EADDRINUSE: port 65535',
    'SQLSTATE 57014, server status 53300, 08006',
    'errno -4058',
    'exit code 3221225477',
    'Disconnected with code 428',
    'client version 2.3000.1043857760 is refused',
    'revision 1043857760',
    'node v24.21.0',
    'stuck for 12345678 ms',
    'after 90000.5s, 1234567890 bytes',
    'at 2026-11-30T07:02:31.123456789Z',
    'at 2026-11-30 07:02:31.123+01:00',
    'since 2026-11-30',
    'at 20261130T070231Z',
    'call 00C28E4F9A1B2C3D4E5F60718293A4B5',
    'message 3EB0123456789012345678',
    'request 12345678-1234-1234-1234-123456789012',
    'took 0.123456789 of it',
    'ports 10000-20000',
    'id 1234567890123456',
    'HTTP 407, 15 seconds, 60000 tries',
  ])('leaves what is no phone number readable: %s', (text) => {
    expect(maskNumbersIn(text)).toBe(text);
  });

  it('takes no time for a text that is made to be slow', () => {
    const texts = [
      '1'.repeat(50_000),
      '1-'.repeat(25_000),
      '+1 '.repeat(20_000),
      'a1'.repeat(25_000),
      '1.'.repeat(25_000),
    ];
    const startedMs = performance.now();
    for (const text of texts) maskNumbersIn(text);
    expect(performance.now() - startedMs).toBeLessThan(2000);
  });
});
