import { OwnershipLost } from '../../../../src/cluster/ownership.errors.js';
import { meaningOf } from '../../../../src/whatsapp/baileys/failure-meaning.js';
import {
  CalleeUnreachable,
  NumberNotRegistered,
  OfferNotAcknowledged,
  SessionNotConnected,
  WhatsAppTimeout,
} from '../../../../src/whatsapp/whatsapp.errors.js';

const OPEN = { isOpen: true, end: undefined };

describe('a question to WhatsApp that fails', () => {
  it.each([
    ['lost', SessionNotConnected, undefined],
    ['closed', SessionNotConnected, undefined],
    ['moved', OwnershipLost, 1],
  ] as const)(
    'while the connection is %s is reported as that, whatever the library makes of it',
    (end, type, retryAfterSeconds) => {
      for (const cause of [
        new Error('Connection Closed'),
        new CalleeUnreachable('no Signal session with any device'),
        new WhatsAppTimeout('is the number registered'),
      ]) {
        const meaning = meaningOf(cause, { isOpen: false, end }, 'who is the callee');
        if (!(meaning instanceof type)) throw meaning;
        expect(meaning.retryAfterSeconds).toBe(retryAfterSeconds);
      }
    },
  );

  it('keeps an answer of WhatsApp, also when the connection ends right after it', () => {
    const answer = new NumberNotRegistered();
    expect(meaningOf(answer, { isOpen: false, end: 'lost' }, 'who is the callee')).toBe(answer);
    const noDevice = new CalleeUnreachable('no device of this number can take calls');
    expect(meaningOf(noDevice, OPEN, 'who is the callee')).toBe(noDevice);
  });

  it('is a time-out only when the connection is there', () => {
    const meaning = meaningOf(new Error('Timed Out'), OPEN, 'who is the callee');
    expect(meaning).toBeInstanceOf(WhatsAppTimeout);
  });
});

it.each([
  ['silence', 'WhatsApp did not acknowledge the call within 15 seconds'],
  ['lost', 'The connection to WhatsApp was lost before WhatsApp acknowledged the call'],
  ['closed', 'The session was closed before WhatsApp acknowledged the call'],
  ['moved', 'The instance moved to another process before WhatsApp acknowledged the call'],
  ['stopped', 'Ringdrop stopped before WhatsApp acknowledged the call'],
] as const)('an offer without a verdict names what kept it: %s', (why, message) => {
  expect(new OfferNotAcknowledged(why)).toMatchObject({ code: 'call_not_acknowledged', message });
});
