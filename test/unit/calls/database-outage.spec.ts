import { DatabaseUnavailable } from '../../../src/common/database/database-unavailable.js';
import { CallRoom } from './support/call-room.js';

const AWAY = new DatabaseUnavailable();

async function open(): Promise<CallRoom> {
  return new CallRoom().start();
}

/** The journal tries again four times a second. */
async function bringBack(room: CallRoom): Promise<void> {
  room.calls.failing = false;
  await room.clock.advance(1_000);
}

const secondsAfter = (from: Date | null, to: Date | null): number =>
  ((to?.getTime() ?? 0) - (from?.getTime() ?? 0)) / 1_000;

describe('a call during an outage of the database', () => {
  it('that WhatsApp accepted is answered as placed, hung up on time, and stored with its times afterwards', async () => {
    const room = await open();
    room.whatsapp.verdict = () => {
      room.calls.failing = AWAY;
      return Promise.resolve();
    };
    await expect(room.place({ durationSeconds: 8 })).resolves.toMatchObject({ replayed: false });
    await room.clock.advance(8_000);
    expect(room.whatsapp.hungUp).toHaveLength(1);
    await room.clock.advance(22_000);
    expect(room.calls.only()).toMatchObject({ state: 'offering', acceptedAt: null });

    await bringBack(room);
    const { state, acceptedAt, endedAt } = room.calls.only();
    expect(state).toBe('ended');
    expect(secondsAfter(acceptedAt, endedAt)).toBe(8);
    expect(room.whatsapp.hungUp).toHaveLength(1);
  });

  it('is stored with all that was heard of it, in its order', async () => {
    const room = await open();
    const { callId } = await room.place({ durationSeconds: 20 });
    room.calls.failing = AWAY;
    await room.hear({ type: 'ringing', callId });
    await room.clock.advance(3_000);
    await room.hear({ type: 'refused_by_callee', callId, refusal: 'rejected' });
    await room.clock.advance(30_000);
    expect(room.calls.only()).toMatchObject({ state: 'calling', ringingAt: null });

    await bringBack(room);
    const call = room.calls.only();
    expect(call).toMatchObject({ state: 'ended', outcome: 'rejected' });
    expect(secondsAfter(call.ringingAt, call.endedAt)).toBe(3);
  });

  it('rings for its full time although nobody can write down when it began to', async () => {
    const room = await open();
    const { callId } = await room.place({ durationSeconds: 5 });
    room.calls.failing = AWAY;
    await room.clock.advance(2_000);
    await room.hear({ type: 'ringing', callId });
    await room.clock.advance(4_999);
    expect(room.whatsapp.hungUp).toEqual([]);
    await room.clock.advance(1);
    expect(room.whatsapp.hungUp).toEqual([callId]);
  });

  it('is stopped all the same when the process stops', async () => {
    const room = await open();
    await room.place({ durationSeconds: 20 });
    room.calls.failing = AWAY;
    const stopped = room.stop();
    await room.clock.advance(5_000);
    await stopped;
    expect(room.whatsapp.hungUp).toHaveLength(1);
  });

  it('that was not prepared yet is none, and its idempotency key is free again', async () => {
    const room = await open();
    room.whatsapp.prepareFailure = AWAY;
    await expect(room.place({ key: 'k' })).rejects.toBe(AWAY);
    room.whatsapp.prepareFailure = undefined;
    expect(room.calls.all()).toEqual([]);
    await expect(room.place({ key: 'k' })).resolves.toMatchObject({ replayed: false });
  });

  it('leaves no call behind that was stored without a confirmation', async () => {
    const room = await open();
    room.calls.placingFault = AWAY;
    room.calls.failing = AWAY;
    await expect(room.place()).rejects.toBe(AWAY);
    expect(room.calls.only()).toMatchObject({ state: 'offering' });
    room.calls.placingFault = undefined;
    await bringBack(room);
    expect(room.calls.all()).toEqual([]);
  });

  it('leaves no idempotency key behind whose claim was stored and not confirmed', async () => {
    const room = await open();
    room.keys.claimFault = AWAY;
    await expect(room.place({ key: 'k' })).rejects.toBe(AWAY);
    room.keys.claimFault = undefined;
    await room.clock.advance(250);
    await expect(room.place({ key: 'k' })).resolves.toMatchObject({ replayed: false });
  });
});
