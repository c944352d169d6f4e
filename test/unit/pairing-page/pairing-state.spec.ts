import { drawQr } from '../../../src/pairing-page/qr-drawing.js';
import { nextPairingState, numberOf, type PairingState } from '../../../src/pairing-page/pairing-state.js';
import type { SessionSignal } from '../../../src/whatsapp/whatsapp-signals.js';

const at = new Date('2026-01-31T12:00:00.000Z');
const base = { instanceId: 'i', at };
const end = { ...base, type: 'disconnected', code: 428, reason: 'Connection was closed' } as const;
const SIGNALS = {
  qr: { ...base, type: 'qr_ready', qr: '2@next' },
  paired: { ...base, type: 'paired', jid: '5511999999999@s.whatsapp.net' },
  connecting: { ...base, type: 'connecting' },
  connected: { ...base, type: 'connected', jid: '5511999999999@s.whatsapp.net', name: null },
  interrupted: { ...end, retryAt: at },
  ended: { ...end, retryAt: null },
  logged_out: { ...base, type: 'logged_out', code: 401, reason: 'Logged out on the phone' },
  passkey: { ...base, type: 'passkey_required', code: 409, reason: 'a passkey is needed' },
  restricted: { ...base, type: 'restricted', until: new Date(), contactsFrom: null },
  unrestricted: { ...base, type: 'unrestricted' },
} as const satisfies Record<string, SessionSignal>;

const failed = (reason: string, code?: number) => ({
  phase: 'failed',
  failure: { reason, ...(code && { code }) },
});
const QR = { phase: 'qr', qr: drawQr('2@next') };
const LINKING = { phase: 'linking' };
const CONNECTED = { phase: 'connected', number: '5511999999999' };
const RETRYING = { phase: 'retrying', failure: { reason: 'whatsapp_unreachable' } };
const LOST = failed('whatsapp_unreachable');
const STOPPED = failed('stopped');
const PASSKEY = failed('passkey_required');
const REFUSED = failed('refused', 401);
const same = undefined;

/** In the order of SIGNALS, without the two that are not about linking. */
const TABLE: readonly (readonly [PairingState, ...unknown[]])[] = [
  [{ phase: 'idle' }, QR, LINKING, same, CONNECTED, RETRYING, same, same, PASSKEY],
  [{ phase: 'starting', method: 'qr' }, QR, LINKING, same, CONNECTED, RETRYING, same, same, PASSKEY],
  // The code of the attempt by QR code that this one takes the place of.
  [{ phase: 'starting', method: 'code' }, same, LINKING, same, CONNECTED, RETRYING, same, same, PASSKEY],
  [{ phase: 'qr', qr: drawQr('2@x') }, QR, LINKING, STOPPED, CONNECTED, RETRYING, LOST, STOPPED, PASSKEY],
  [{ phase: 'code', code: 'ABCD1234' }, QR, LINKING, STOPPED, CONNECTED, RETRYING, LOST, STOPPED, PASSKEY],
  [{ phase: 'linking' }, QR, same, same, CONNECTED, RETRYING, LOST, REFUSED, PASSKEY],
  [
    { phase: 'retrying', failure: { reason: 'whatsapp_unreachable' } },
    ...[QR, LINKING, same, CONNECTED, RETRYING, LOST, REFUSED, PASSKEY],
  ],
  [{ phase: 'failed', failure: { reason: 'stopped' } }, QR, LINKING, same, CONNECTED, same, same, same, same],
  [{ phase: 'connected', number: null }, same, same, same, same, same, same, same, same],
];

describe('what the page shows after a signal of the session', () => {
  const names = Object.keys(SIGNALS) as (keyof typeof SIGNALS)[];

  it.each(
    TABLE.flatMap(([state, ...next]) =>
      names.map((name, index) => [state.phase, name, state, next[index]] as const),
    ),
  )('%s, then %s', (_, name, state, expected) => {
    expect(nextPairingState(state, SIGNALS[name])).toEqual(expected);
  });

  it('reads the number from an account or one of its devices, and from nothing else', () => {
    expect(numberOf('5511999999999@s.whatsapp.net')).toBe('5511999999999');
    expect(numberOf('5511999999999:12@s.whatsapp.net')).toBe('5511999999999');
    expect(numberOf('123456789@lid')).toBeNull();
    expect(numberOf('')).toBeNull();
  });
});
