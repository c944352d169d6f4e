import { columnsOf } from '../../../src/instances/signal-columns.js';

const at = new Date('2026-01-31T12:00:00.000Z');
const instanceId = 'i';
const jid = '5511999999999@s.whatsapp.net';

describe('what a signal leaves in the row', () => {
  it('remembers the phone without the number of our device, and when it was linked', () => {
    const signal = { type: 'paired', instanceId, at, jid: '5511999999999:12@s.whatsapp.net' } as const;
    expect(columnsOf(signal, { numberJid: null })).toMatchObject({ numberJid: jid, lastLinkedAt: at });
    expect(columnsOf(signal, { numberJid: jid })).toEqual({ lastLinkedAt: at });
  });

  it('keeps the name of the profile when a login does not tell it', () => {
    const signal = { type: 'connected', instanceId, at, jid, name: null } as const;
    expect(columnsOf(signal, { numberJid: jid })).toEqual({});
  });

  it('forgets name and restriction of the phone before when another one is linked', () => {
    const signal = { type: 'connected', instanceId, at, jid, name: 'Shop' } as const;
    expect(columnsOf(signal, { numberJid: '4911111111111@s.whatsapp.net' })).toEqual({
      numberJid: jid,
      profileName: 'Shop',
      restricted: false,
      restrictedUntil: null,
      contactsSparedFrom: null,
    });
  });

  it('drops what PostgreSQL cannot store from a name', () => {
    const signal = { type: 'connected', instanceId, at, jid, name: 'Sh\u0000op' } as const;
    expect(columnsOf(signal, { numberJid: jid })).toEqual({ profileName: 'Shop' });
  });

  it('tells why and when a connection ended, and keeps the number after a logout', () => {
    const end = { lastDisconnectCode: 428, lastDisconnectReason: 'closed', lastDisconnectAt: at };
    const signal = { instanceId, at, code: 428, reason: 'closed' } as const;
    expect(columnsOf({ ...signal, type: 'disconnected', retryAt: null }, { numberJid: jid })).toEqual(end);
    expect(columnsOf({ ...signal, type: 'logged_out' }, { numberJid: jid })).toEqual(end);
    expect(columnsOf({ ...signal, type: 'passkey_required' }, { numberJid: jid })).toEqual(end);
  });

  it('keeps a restriction until WhatsApp lifts it', () => {
    const until = new Date('2026-02-01T00:00:00.000Z');
    expect(
      columnsOf({ type: 'restricted', instanceId, at, until, contactsFrom: at }, { numberJid: jid }),
    ).toEqual({
      restricted: true,
      restrictedUntil: until,
      contactsSparedFrom: at,
    });
    expect(columnsOf({ type: 'unrestricted', instanceId, at }, { numberJid: jid })).toEqual({
      restricted: false,
      restrictedUntil: null,
      contactsSparedFrom: null,
    });
  });

  it('changes no column for a new attempt or a new QR code', () => {
    expect(columnsOf({ type: 'connecting', instanceId, at }, { numberJid: jid })).toEqual({});
    expect(columnsOf({ type: 'qr_ready', instanceId, at, qr: '2@x' }, { numberJid: jid })).toEqual({});
  });
});
