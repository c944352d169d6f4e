import { beforeEach, describe, expect, it } from '@jest/globals';
import type { BinaryNode } from '@whiskeysockets/baileys';
import type { Disconnect } from '../../../../src/whatsapp/baileys/disconnect-reason.js';
import { LinkingAttempt } from '../../../../src/whatsapp/baileys/linking-attempt.js';
import {
  CodeTimeout,
  LinkingLimited,
  LinkingRefused,
  PasskeyRequired,
  WhatsAppUnreachable,
} from '../../../../src/whatsapp/whatsapp.errors.js';
import type { LinkMethod } from '../../../../src/whatsapp/whatsapp.gateway.js';
import { ManualClock } from '../../../support/manual-clock.js';
import { FakeConnection } from '../support/fake-connection.js';

const QR: LinkMethod = { kind: 'qr' };
const CODE: LinkMethod = { kind: 'code', number: '5511987654321' };
const CODE_ACCEPTED = 'CB:iq,type:result,link_code_companion_reg';

let clock: ManualClock;
let connection: FakeConnection;
let givenUp: Disconnect[];

beforeEach(() => {
  clock = new ManualClock();
  connection = new FakeConnection();
  givenUp = [];
});

const begin = (method: LinkMethod): LinkingAttempt =>
  new LinkingAttempt(method, clock, (disconnect) => givenUp.push(disconnect));

const refusal = (attrs?: Record<string, string>): BinaryNode => ({
  tag: 'iq',
  attrs: { type: 'error' },
  content: attrs ? [{ tag: 'error', attrs }] : [],
});

describe('linking by QR', () => {
  it('shows the first QR and keeps the newest at hand', async () => {
    const attempt = begin(QR);
    const first = attempt.offer;
    attempt.onQr('first', connection.asConnection());
    attempt.onQr('second', connection.asConnection());
    await expect(first).resolves.toEqual({ kind: 'qr', qr: 'first' });
    expect(attempt.currentQr).toBe('second');
    expect(connection.codesAskedFor).toEqual([]);
  });

  it('shows the newest QR to those who ask later', async () => {
    const attempt = begin(QR);
    attempt.onQr('first', connection.asConnection());
    attempt.onQr('second', connection.asConnection());
    await expect(attempt.offer).resolves.toEqual({ kind: 'qr', qr: 'second' });
  });

  it('fails when nothing can be shown within 60 seconds', async () => {
    const attempt = begin(QR);
    await clock.advance(59_999);
    expect(givenUp).toEqual([]);
    await clock.advance(1);
    await expect(attempt.offer).rejects.toBeInstanceOf(CodeTimeout);
    expect(givenUp).toEqual([{ code: 408, reason: 'No code within 60 seconds' }]);
  });

  it('is not timed out once there is a QR', async () => {
    const attempt = begin(QR);
    attempt.onQr('first', connection.asConnection());
    await clock.advance(120_000);
    expect(givenUp).toEqual([]);
    expect(attempt.currentQr).toBe('first');
    expect(clock.pendingTimers).toBe(0);
  });

  it('has no QR any more when the socket has ended', () => {
    const attempt = begin(QR);
    attempt.onQr('first', connection.asConnection());
    attempt.fail(new WhatsAppUnreachable('The QR code was not scanned in time'));
    expect(attempt.currentQr).toBeUndefined();
  });
});

describe('an attempt that fails before anything is shown', () => {
  it('tells why, and leaves nothing to wait for', async () => {
    const attempt = begin(QR);
    attempt.fail(new PasskeyRequired());
    await expect(attempt.offer).rejects.toBeInstanceOf(PasskeyRequired);
    await clock.advance(60_000);
    expect(givenUp).toEqual([]);
    expect(clock.pendingTimers).toBe(0);
  });

  it('tells the first reason only', async () => {
    const attempt = begin(CODE);
    attempt.onQr('first', connection.asConnection());
    attempt.fail(new PasskeyRequired());
    connection.receive('CB:iq,type:error', refusal({ code: '429', text: 'rate-overlimit' }));
    await clock.advance(0);
    await expect(attempt.offer).rejects.toBeInstanceOf(PasskeyRequired);
  });
});

describe('linking by code', () => {
  it('asks for one code for the number, however many QRs come', async () => {
    const attempt = begin(CODE);
    attempt.onQr('first', connection.asConnection());
    attempt.onQr('second', connection.asConnection());
    connection.receive(CODE_ACCEPTED, { tag: 'iq', attrs: { type: 'result' } });
    await expect(attempt.offer).resolves.toEqual({ kind: 'code', code: 'ABCD1234' });
    expect(connection.codesAskedFor).toEqual(['5511987654321']);
    expect(attempt.currentQr).toBeUndefined();
  });

  it('shows the code after five seconds when the server says nothing', async () => {
    const attempt = begin(CODE);
    let shown = false;
    void attempt.offer.then(() => (shown = true));
    attempt.onQr('first', connection.asConnection());
    await clock.advance(4_999);
    expect(shown).toBe(false);
    await clock.advance(1);
    await expect(attempt.offer).resolves.toEqual({ kind: 'code', code: 'ABCD1234' });
  });

  it.each([
    [{ code: '429', text: 'rate-overlimit' }, LinkingLimited, 429],
    [{ code: '400', text: 'bad-request' }, LinkingRefused, 400],
    [{ code: '503', text: 'service-unavailable' }, WhatsAppUnreachable, 503],
    [undefined, LinkingRefused, 400],
  ])(
    'shows no code that the server refused (%j) and gives the socket up at once',
    async (attrs, error, code) => {
      const attempt = begin(CODE);
      attempt.onQr('first', connection.asConnection());
      connection.receive('CB:iq,type:error', refusal(attrs));
      await expect(attempt.offer).rejects.toBeInstanceOf(error);
      expect(givenUp).toEqual([{ code, reason: attrs?.text ?? 'no reason given' }]);
      await clock.advance(60_000);
      expect(givenUp).toHaveLength(1);
    },
  );

  it('fails when the connection is lost while asking', async () => {
    const attempt = begin(CODE);
    connection.isBroken = true;
    attempt.onQr('first', connection.asConnection());
    await expect(attempt.offer).rejects.toBeInstanceOf(WhatsAppUnreachable);
    expect(givenUp).toEqual([{ code: 428, reason: 'the connection was lost' }]);
  });
});

describe('asking to link again', () => {
  it('joins an attempt with the same method and number only', () => {
    const other: LinkMethod = { kind: 'code', number: '4915112345678' };
    expect([QR, CODE, other].map((method) => begin(QR).isFor(method))).toEqual([true, false, false]);
    expect([QR, CODE, other].map((method) => begin(CODE).isFor(method))).toEqual([false, true, false]);
  });
});
