import { describe, expect, it } from '@jest/globals';
import {
  OfferOutdated,
  SessionNotConnected,
  WhatsAppRestricted,
} from '../../../src/whatsapp/whatsapp.errors.js';
import { CallRoom } from './support/call-room.js';
import { ringOf } from './support/fake-whatsapp.js';

const FIRST = ringOf(1).callId;
const SECOND = ringOf(2).callId;
const outdated = () => new OfferOutdated(479, 'device list or addressing is out of date');

/** WhatsApp finds the first `times` offers outdated. */
async function open(times: number): Promise<CallRoom> {
  const room = await new CallRoom().start();
  let left = times;
  room.whatsapp.verdict = (callId) => {
    if (left-- <= 0) return;
    room.whatsapp.ringing.delete(callId);
    throw outdated();
  };
  return room;
}

describe('an offer that WhatsApp finds outdated', () => {
  it('leaves once more as another call, and the client is told of that one', async () => {
    const room = await open(1);
    await expect(room.place()).resolves.toMatchObject({ callId: SECOND });
    expect(room.calls.only()).toMatchObject({ callId: SECOND, state: 'calling' });
    expect([...room.whatsapp.ringing]).toEqual([SECOND]);
    await room.clock.advance(8_000);
    expect(room.whatsapp.hungUp).toEqual([SECOND]);
  });

  it('is told as a call that was refused, before the one that takes its place', async () => {
    const room = await open(1);
    await room.place();
    expect(room.changes.map(({ call }) => [call.callId, call.state, call.failureCode])).toEqual([
      [FIRST, 'offering', null],
      [FIRST, 'ended', 479],
      [SECOND, 'offering', null],
      [SECOND, 'calling', null],
    ]);
  });

  it('is refused for good the second time', async () => {
    const room = await open(2);
    await expect(room.place()).rejects.toBeInstanceOf(OfferOutdated);
    expect(room.whatsapp.asked).toHaveLength(2);
    expect(room.calls.only()).toMatchObject({ callId: SECOND, outcome: 'refused', failureCode: 479 });
  });

  it.each([
    ['the callee cannot be asked for anew', new SessionNotConnected()],
    ['the account is restricted meanwhile', WhatsAppRestricted.known(new Date(), new Date())],
  ])('is refused for good when %s', async (_, failure) => {
    const room = await open(1);
    const refuse = room.whatsapp.verdict;
    room.whatsapp.verdict = (callId) => {
      room.whatsapp.prepareFailure = failure;
      return refuse(callId);
    };
    await expect(room.place()).rejects.toBeInstanceOf(OfferOutdated);
    expect(room.calls.only()).toMatchObject({ callId: FIRST, outcome: 'refused', failureCode: 479 });
  });

  it('does not leave again when the call was cancelled meanwhile', async () => {
    const room = await open(1);
    room.onChanged = async ({ call }) => {
      if (call.callId === SECOND && call.state === 'offering') {
        await room.service.cancel(room.caller, 'shop', SECOND);
      }
    };
    await expect(room.place()).resolves.toMatchObject({ callId: SECOND });
    expect(room.whatsapp.ringing.size).toBe(0);
    expect(room.calls.only()).toMatchObject({ callId: SECOND, outcome: 'cancelled' });
  });

  it('counts as one request for its idempotency key', async () => {
    const room = await open(1);
    const first = await room.place({ key: 'k' });
    await expect(room.place({ key: 'k' })).resolves.toMatchObject({ callId: first.callId, replayed: true });
    expect(room.whatsapp.asked).toHaveLength(2);
  });
});

describe('a call that is held back because the account is restricted', () => {
  it('leaves no trace, and its idempotency key can be used again', async () => {
    const room = await open(0);
    room.whatsapp.prepareFailure = WhatsAppRestricted.known(
      new Date(room.clock.now().getTime() + 60_000),
      room.clock.now(),
    );
    await expect(room.place({ key: 'k' })).rejects.toMatchObject({ retryAfterSeconds: 60 });
    expect(room.calls.all()).toEqual([]);
    room.whatsapp.prepareFailure = undefined;
    await expect(room.place({ key: 'k' })).resolves.toMatchObject({ replayed: false });
  });
});
