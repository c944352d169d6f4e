import { describe, expect, it } from '@jest/globals';
import { readDisconnect, readHttpRefusal } from '../../../../src/whatsapp/baileys/disconnect-reason.js';

/** The shape in which the library reports the end of a socket. */
function boom(message: string, statusCode: unknown, data?: unknown): Error {
  return Object.assign(new Error(message), { isBoom: true, data, output: { statusCode, headers: {} } });
}

describe('the reason of a disconnect', () => {
  it.each([
    [boom('Connection Failure', 401), 401, 'Logged out on the phone'],
    [boom('Stream Errored (conflict)', 440), 440, 'Another client has taken over this session'],
    [boom('Stream Errored (restart required)', 515), 515, 'WhatsApp asks for a restart of the connection'],
    [boom('Connection was lost', 408), 408, 'Connection to WhatsApp was lost'],
    [boom('Stream Errored', 418), 418, 'Disconnected with code 418'],
  ])('is read from a Boom: %s', (error, code, reason) => {
    expect(readDisconnect(error)).toEqual({ code, reason });
  });

  it('names the cause when nobody used what WhatsApp gave for linking', () => {
    expect(readDisconnect(boom('QR refs attempts ended', 408))).toEqual({
      code: 408,
      reason: 'The QR code was not scanned in time',
      cause: 'link_code_expired',
    });
  });

  it.each([
    ['nothing', undefined],
    ['null', null],
    ['the bare close code of the socket', 1011],
    ['words', 'closed'],
    ['an Error without a code', new Error('boom')],
    ['a Boom with a code that is no number', boom('x', '401')],
    ['an object without an output', { statusCode: 401 }],
    ['an object with an empty output', { output: null }],
  ])('is a closed connection when the library gives %s', (_, error) => {
    expect(readDisconnect(error)).toEqual({ code: 428, reason: 'Connection was closed' });
  });
});

describe('an answer in plain HTTP to the upgrade of the socket', () => {
  it.each([
    [403, 'unexpected HTTP answer 403 Forbidden'],
    [407, 'unexpected HTTP answer 407 Proxy Authentication Required'],
    [599, 'unexpected HTTP answer 599'],
    [undefined, 'unexpected HTTP answer 0'],
  ])('with status %s closes the connection and says nothing about the account', (status, reason) => {
    expect(readHttpRefusal(status)).toEqual({ code: 428, reason });
  });
});

describe('what the operating system or a proxy said', () => {
  const said = (inner: string, code = 408): string =>
    readDisconnect(boom(`WebSocket Error (${inner})`, code, new Error(inner))).reason;

  it.each([
    ['getaddrinfo ENOTFOUND web.whatsapp.com', 'getaddrinfo ENOTFOUND web.whatsapp.com'],
    ['connect ECONNREFUSED 127.0.0.1:8080', 'connect ECONNREFUSED 127.0.0.1:8080'],
    ['Unexpected server response: 407', 'Unexpected server response: 407'],
    ['proxy (first)\n  said\tno', 'proxy (first) said no'],
  ])('is told: %j', (inner, reason) => {
    expect(said(inner)).toBe(reason);
  });

  it.each(['undefined', ''])('is left out when it is %j', (inner) => {
    expect(said(inner)).toBe('Connection to WhatsApp was lost');
  });

  it.each([400, 401, 403, 407, 440, 500, 503, 515])(
    'is never taken for the word of WhatsApp with code %i',
    (code) => {
      expect(readDisconnect(boom('WebSocket Error (Socks5 Authentication failed)', code))).toEqual({
        code: 428,
        reason: 'Socks5 Authentication failed',
      });
    },
  );

  it('shows no phone number', () => {
    expect(said('no route for 5511987654321')).toBe('no route for 5511*****4321');
  });

  it('shows no credentials of a proxy', () => {
    expect(said('cannot use http://user:p@ss@proxy.example:80/')).toBe('cannot use http://proxy.example:80/');
  });

  it('is cut after 200 characters', () => {
    expect(said('x'.repeat(500))).toHaveLength(200);
  });

  it('is not taken from other errors, whose words may hold anything', () => {
    expect(readDisconnect(boom('secret token', 500, { token: 'secret' }))).toEqual({
      code: 500,
      reason: 'WhatsApp reported a bad session',
    });
  });
});
