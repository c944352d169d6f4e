import { beforeEach, describe, expect, it } from '@jest/globals';
import type { BinaryNode } from '@whiskeysockets/baileys';
import { parseAppConfig } from '../../../../src/config/app-config.js';
import { LINK_CODE_EXPIRED, type Disconnect } from '../../../../src/whatsapp/baileys/disconnect-reason.js';
import { LinkingAttempt } from '../../../../src/whatsapp/baileys/linking-attempt.js';
import {
  CodeTimeout,
  LinkingCancelled,
  LinkingLimited,
  LinkingRefused,
  PasskeyRequired,
  TooManyLinkings,
  WhatsAppUnreachable,
} from '../../../../src/whatsapp/whatsapp.errors.js';
import { LinkingPlaces } from '../../../../src/whatsapp/linking-places.js';
import type { LinkMethod } from '../../../../src/whatsapp/whatsapp.gateway.js';
import { ManualClock } from '../../../support/manual-clock.js';
import { FakeConnection } from '../support/fake-connection.js';

const QR: LinkMethod = { kind: 'qr' };
const CODE: LinkMethod = { kind: 'code', number: '5511987654321' };
const CODE_ACCEPTED = 'CB:iq,type:result,link_code_companion_reg';

let clock: ManualClock;
let connection: FakeConnection;
let givenUp: (Disconnect | undefined)[];
let begun: number;
let places: LinkingPlaces;

beforeEach(() => {
  clock = new ManualClock();
  connection = new FakeConnection();
  givenUp = [];
  begun = 0;
  places = new LinkingPlaces(parseAppConfig({ LINKING_SESSIONS_PER_ACCOUNT: '2' }), clock);
});

/** An attempt of account `a`, once it has a place if one is free. */
async function begin(method: LinkMethod): Promise<LinkingAttempt> {
  const attempt = new LinkingAttempt(
    method,
    'a',
    { clock, linkingPlaces: places },
    {
      begin: () => (begun += 1),
      givenUp: (disconnect) => givenUp.push(disconnect),
    },
  );
  await clock.advance(0);
  return attempt;
}

const refusal = (attrs?: Record<string, string>): BinaryNode => ({
  tag: 'iq',
  attrs: { type: 'error' },
  content: attrs ? [{ tag: 'error', attrs }] : [],
});

describe('linking by QR', () => {
  it('shows the first QR and keeps the newest at hand', async () => {
    const attempt = await begin(QR);
    const first = attempt.wait();
    attempt.onQr('first', connection.asConnection());
    attempt.onQr('second', connection.asConnection());
    await expect(first).resolves.toEqual({ kind: 'qr', qr: 'first' });
    expect(attempt.currentQr).toBe('second');
    expect(connection.codesAskedFor).toEqual([]);
  });

  it('shows the newest QR to those who ask later', async () => {
    const attempt = await begin(QR);
    attempt.onQr('first', connection.asConnection());
    attempt.onQr('second', connection.asConnection());
    await expect(attempt.wait()).resolves.toEqual({ kind: 'qr', qr: 'second' });
  });

  it('fails when nothing can be shown within 60 seconds', async () => {
    const attempt = await begin(QR);
    await clock.advance(59_999);
    expect(givenUp).toEqual([]);
    await clock.advance(1);
    await expect(attempt.wait()).rejects.toBeInstanceOf(CodeTimeout);
    expect(givenUp).toEqual([{ code: 408, reason: 'No code within 60 seconds' }]);
  });

  it('is not timed out once there is a QR, until the last code has expired', async () => {
    const attempt = await begin(QR);
    attempt.onQr('first', connection.asConnection());
    await clock.advance(159_999);
    expect(givenUp).toEqual([]);
    expect(attempt.currentQr).toBe('first');
    await clock.advance(1);
    const reason = 'The QR code was not scanned in time';
    expect(givenUp).toEqual([{ code: 408, reason, cause: 'link_code_expired' }]);
    expect(clock.pendingTimers).toBe(0);
  });

  it('has no QR any more when the socket has ended', async () => {
    const attempt = await begin(QR);
    attempt.onQr('first', connection.asConnection());
    attempt.fail(new WhatsAppUnreachable('The QR code was not scanned in time'));
    expect(attempt.currentQr).toBeUndefined();
  });
});

describe('an attempt that fails before anything is shown', () => {
  it('tells why, and leaves nothing to wait for', async () => {
    const attempt = await begin(QR);
    attempt.fail(new PasskeyRequired());
    await expect(attempt.wait()).rejects.toBeInstanceOf(PasskeyRequired);
    await clock.advance(60_000);
    expect(givenUp).toEqual([]);
    expect(clock.pendingTimers).toBe(0);
  });

  it('tells the first reason only', async () => {
    const attempt = await begin(CODE);
    attempt.onQr('first', connection.asConnection());
    attempt.fail(new PasskeyRequired());
    connection.receive('CB:iq,type:error', refusal({ code: '429', text: 'rate-overlimit' }));
    await clock.advance(0);
    await expect(attempt.wait()).rejects.toBeInstanceOf(PasskeyRequired);
  });
});

describe('linking by code', () => {
  it('asks for one code for the number, however many QRs come', async () => {
    const attempt = await begin(CODE);
    attempt.onQr('first', connection.asConnection());
    attempt.onQr('second', connection.asConnection());
    connection.receive(CODE_ACCEPTED, { tag: 'iq', attrs: { type: 'result' } });
    await expect(attempt.wait()).resolves.toEqual({ kind: 'code', code: 'ABCD1234' });
    expect(connection.codesAskedFor).toEqual(['5511987654321']);
    expect(attempt.currentQr).toBeUndefined();
  });

  it('shows the code after five seconds when the server says nothing', async () => {
    const attempt = await begin(CODE);
    let shown = false;
    void attempt.wait().then(() => (shown = true));
    attempt.onQr('first', connection.asConnection());
    await clock.advance(4_999);
    expect(shown).toBe(false);
    await clock.advance(1);
    await expect(attempt.wait()).resolves.toEqual({ kind: 'code', code: 'ABCD1234' });
  });

  it.each([
    [{ code: '429', text: 'rate-overlimit' }, LinkingLimited, 429],
    [{ code: '400', text: 'bad-request' }, LinkingRefused, 400],
    [{ code: '503', text: 'service-unavailable' }, WhatsAppUnreachable, 503],
    [undefined, LinkingRefused, 400],
  ])(
    'shows no code that the server refused (%j) and gives the socket up at once',
    async (attrs, error, code) => {
      const attempt = await begin(CODE);
      attempt.onQr('first', connection.asConnection());
      connection.receive('CB:iq,type:error', refusal(attrs));
      await expect(attempt.wait()).rejects.toBeInstanceOf(error);
      expect(givenUp).toEqual([{ code, reason: attrs?.text ?? 'no reason given' }]);
      await clock.advance(60_000);
      expect(givenUp).toHaveLength(1);
    },
  );

  it('fails when the connection is lost while asking', async () => {
    const attempt = await begin(CODE);
    connection.isBroken = true;
    attempt.onQr('first', connection.asConnection());
    await expect(attempt.wait()).rejects.toBeInstanceOf(WhatsAppUnreachable);
    expect(givenUp).toEqual([{ code: 428, reason: 'the connection was lost' }]);
  });
});

describe('asking to link again', () => {
  it('joins an attempt with the same method and number only', async () => {
    const other: LinkMethod = { kind: 'code', number: '4915112345678' };
    const [byQr, byCode] = [await begin(QR), await begin(CODE)];
    expect([QR, CODE, other].map((method) => byQr.isFor(method))).toEqual([true, false, false]);
    expect([QR, CODE, other].map((method) => byCode.isFor(method))).toEqual([false, true, false]);
  });
});

describe('a code that nobody used', () => {
  it.each([
    [QR, 'The QR code was not scanned in time'],
    [CODE, 'The pairing code was not entered in time'],
  ])('ends with words that say what was not done (%j)', async (method, reason) => {
    const attempt = await begin(method);
    attempt.onQr('first', connection.asConnection());
    connection.receive(CODE_ACCEPTED, { tag: 'iq', attrs: { type: 'result' } });
    await clock.advance(160_000);
    const expired = { code: 408, reason, cause: 'link_code_expired' };
    expect(givenUp).toEqual([expired]);
    // The library says the same of both.
    expect(attempt.endOf(LINK_CODE_EXPIRED.qr)).toEqual(expired);
    expect(attempt.endOf({ code: 428, reason: 'lost' })).toEqual({ code: 428, reason: 'lost' });
  });
});

describe('an attempt that somebody has left', () => {
  const leaving = () => {
    const left = new AbortController();
    return { leave: () => left.abort(), signal: left.signal };
  };

  it('ends when there is nothing to show and nobody to show it to', async () => {
    const attempt = await begin(QR);
    const first = leaving();
    const second = leaving();
    const waits = [attempt.wait(first.signal), attempt.wait(second.signal)];
    first.leave();
    expect(givenUp).toEqual([]);
    second.leave();
    for (const wait of waits) await expect(wait).rejects.toBeInstanceOf(LinkingCancelled);
    expect(givenUp).toEqual([{ code: 428, reason: 'Nobody waited for the code any more' }]);
    expect(clock.pendingTimers).toBe(0);
  });

  it('goes on for whoever is still there', async () => {
    const attempt = await begin(QR);
    const first = leaving();
    const gone = attempt.wait(first.signal);
    const stays = attempt.wait();
    first.leave();
    attempt.onQr('first', connection.asConnection());
    await expect(Promise.all([gone, stays])).resolves.toHaveLength(2);
    expect(givenUp).toEqual([]);
  });

  it('goes on when it has something to show', async () => {
    const attempt = await begin(QR);
    const caller = leaving();
    const offer = attempt.wait(caller.signal);
    attempt.onQr('first', connection.asConnection());
    caller.leave();
    await offer;
    const later = leaving();
    void attempt.wait(later.signal);
    later.leave();
    expect(givenUp).toEqual([]);
  });
});

describe('an attempt without a place', () => {
  it('opens no socket until another one of its account has ended, or its phone has consented', async () => {
    const [first, second] = [await begin(QR), await begin(QR)];
    const [third, fourth] = [await begin(QR), await begin(QR)];
    expect(begun).toBe(2);
    expect([second.isQueued, third.isQueued]).toEqual([false, true]);
    first.fail(new PasskeyRequired());
    await clock.advance(0);
    expect(begun).toBe(3);
    second.pair();
    await clock.advance(0);
    expect(begun).toBe(4);
    expect([third.isQueued, fourth.isQueued]).toEqual([false, false]);
  });

  it('is refused after 50 seconds with the time until the first of the others expires, and reports no end of a connection', async () => {
    for (let n = 0; n < 2; n += 1) (await begin(QR)).onQr('first', connection.asConnection());
    await clock.advance(20_000);
    const refused = (await begin(QR)).wait();
    await clock.advance(50_000);
    await expect(refused).rejects.toBeInstanceOf(TooManyLinkings);
    await expect(refused).rejects.toMatchObject({ retryAfterSeconds: 90 });
    expect(givenUp).toEqual([undefined]);
  });

  it('leaves the queue when its caller leaves', async () => {
    const first = await begin(QR);
    await begin(QR);
    const caller = new AbortController();
    const waiting = await begin(QR);
    const wait = waiting.wait(caller.signal);
    caller.abort();
    await expect(wait).rejects.toBeInstanceOf(LinkingCancelled);
    first.fail(new PasskeyRequired());
    await clock.advance(0);
    expect(begun).toBe(2);
    expect(givenUp).toEqual([undefined]);
  });
});
