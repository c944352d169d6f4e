import { beforeEach, describe, expect, it } from '@jest/globals';
import { SavedSessionOpening } from '../../../../src/whatsapp/baileys/saved-session-opening.js';
import { ManualClock } from '../../../support/manual-clock.js';

let clock: ManualClock;
let opening: SavedSessionOpening;
let renewed: boolean;

beforeEach(() => {
  clock = new ManualClock();
  renewed = false;
  opening = new SavedSessionOpening(clock, () => Promise.resolve(renewed));
});

const failureOf = (): Promise<unknown> => opening.outcome.catch((cause: unknown) => cause);
const lost = { code: 408, reason: 'the connection was lost', retryAt: null };

describe('waiting for a saved session to open', () => {
  it('ends when the session is connected', async () => {
    opening.take({ type: 'connecting' });
    opening.take({ type: 'connected', jid: '1@s.whatsapp.net', name: null });
    opening.take({ type: 'disconnected', ...lost });
    await expect(opening.outcome).resolves.toBe('connected');
    expect(clock.pendingTimers).toBe(0);
  });

  it('ends when the phone has removed the link, so that a new one can begin', async () => {
    opening.take({ type: 'logged_out', code: 401, reason: 'Logged out on the phone' });
    await expect(opening.outcome).resolves.toBe('logged_out');
  });

  it.each([
    ['disconnected' as const, 403, 'account_restricted'],
    ['logged_out' as const, 403, 'account_restricted'],
    ['disconnected' as const, 405, 'whatsapp_version_rejected'],
    ['disconnected' as const, 429, 'linking_limited'],
    ['disconnected' as const, 408, 'whatsapp_unreachable'],
  ])('fails in its own words when the session is %s with code %i', async (type, code, error) => {
    opening.take({ type, code, reason: 'some reason', retryAt: null });
    await expect(failureOf()).resolves.toMatchObject({ code: error });
    expect(clock.pendingTimers).toBe(0);
  });

  it('goes on when a newer client version is found than the one that was refused, and fails when that is refused too', async () => {
    const refused = { type: 'disconnected', code: 405, reason: 'refused', retryAt: null } as const;
    renewed = true;
    opening.take(refused);
    await Promise.resolve();
    renewed = false;
    opening.take(refused);
    await expect(failureOf()).resolves.toMatchObject({ code: 'whatsapp_version_rejected' });

    renewed = true;
    opening = new SavedSessionOpening(clock, () => Promise.resolve(renewed));
    opening.take(refused);
    opening.take({ type: 'connected', jid: '1@s.whatsapp.net', name: null });
    await expect(opening.outcome).resolves.toBe('connected');
  });

  it('fails at once when the session is closed by its owner', async () => {
    opening.abandon();
    await expect(failureOf()).resolves.toMatchObject({
      code: 'linking_cancelled',
      kind: 'conflict',
      message: 'Connecting was ended by another request on this instance',
    });
    expect(clock.pendingTimers).toBe(0);
  });

  it('fails after 60 seconds of silence', async () => {
    await clock.advance(60_000);
    await expect(failureOf()).resolves.toMatchObject({
      code: 'whatsapp_unreachable',
      message: 'WhatsApp is not reachable: no answer within 60 seconds',
    });
  });
});
