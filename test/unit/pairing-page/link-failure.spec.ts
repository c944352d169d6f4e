import { failureOfDisconnect, failureOfError } from '../../../src/pairing-page/link-failure.js';
import {
  ProxyFailed,
  TooManyAttempts,
  WhatsAppNotReached,
} from '../../../src/pairing-page/pairing.errors.js';
import { readDisconnect } from '../../../src/whatsapp/baileys/disconnect-reason.js';
import {
  AccountRestricted,
  ClientVersionRejected,
  CodeTimeout,
  CredentialsCorrupt,
  InvalidNumber,
  LinkingCancelled,
  LinkingLimited,
  LinkingRefused,
  PasskeyRequired,
} from '../../../src/whatsapp/whatsapp.errors.js';

describe('why a phone was not linked, in terms of the page', () => {
  it.each([
    [new CodeTimeout(), 'code_timeout'],
    [new InvalidNumber('letters'), 'invalid_number'],
    [new LinkingCancelled(), 'stopped'],
    [new LinkingLimited(), 'linking_limited'],
    [new TooManyAttempts(5), 'too_many_attempts'],
    [new AccountRestricted(), 'account_restricted'],
    [
      new ClientVersionRejected('WhatsApp no longer accepts client version 2.3000.1 (405)'),
      'version_rejected',
    ],
    [new PasskeyRequired(), 'passkey_required'],
    [new ProxyFailed(undefined), 'proxy_failed'],
    [new WhatsAppNotReached(undefined), 'whatsapp_unreachable'],
    [new LinkingRefused('no reason'), 'refused'],
    [new CredentialsCorrupt(undefined), 'unavailable'],
    [new Error('secret detail'), 'unavailable'],
  ])('%s', (error, reason) => {
    expect(failureOfError(error, undefined)).toEqual({ reason });
  });

  it('takes the code of a refusal from what the session told', () => {
    expect(failureOfError(new LinkingRefused('x'), 411)).toEqual({ reason: 'account_unsupported' });
    expect(failureOfError(new LinkingRefused('x'), 499)).toEqual({ reason: 'refused', code: 499 });
    expect(failureOfError(new CodeTimeout(), 408)).toEqual({ reason: 'code_timeout' });
  });

  it.each([
    [403, 'account_restricted'],
    [405, 'version_rejected'],
    [408, 'whatsapp_unreachable'],
    [428, 'whatsapp_unreachable'],
    [429, 'linking_limited'],
    [503, 'whatsapp_unreachable'],
  ])('ends with code %d', (code, reason) => {
    expect(failureOfDisconnect({ code })).toEqual({ reason });
  });

  it('tells codes that were used up from a connection that was lost, as the session words it', () => {
    const usedUp = readDisconnect(boom('QR refs attempts ended', 408));
    const lost = readDisconnect(boom('Connection was lost', 408));
    expect(failureOfDisconnect(usedUp)).toEqual({ reason: 'code_expired' });
    expect(failureOfDisconnect(lost)).toEqual({ reason: 'whatsapp_unreachable' });
  });
});

/** The form of the errors with which Baileys 7.0.0-rc14 ends a connection. */
function boom(message: string, statusCode: number): Error {
  return Object.assign(new Error(message), { output: { statusCode } });
}
