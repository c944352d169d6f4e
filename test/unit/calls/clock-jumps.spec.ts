import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { ringSecondsOf } from '../../../src/calls/call-times.js';
import { CallRoom } from './support/call-room.js';

const HOUR_MS = 3_600_000;

let room: CallRoom;

beforeEach(async () => {
  room = await new CallRoom().start();
});

afterEach(() => room.stop());

describe.each([
  ['forward', HOUR_MS],
  ['back', -HOUR_MS],
  ['forward by ten seconds', 10_000],
  ['back by ten seconds', -10_000],
])('a clock that is set %s', (_, jumpMs) => {
  it('while a phone rings changes neither how long it rings nor what is said of it', async () => {
    const { callId } = await room.place({ durationSeconds: 8 });
    await room.clock.advance(1_000);
    await room.hear({ type: 'ringing', callId });
    await room.clock.advance(3_000);
    room.clock.jump(jumpMs);
    await room.clock.advance(4_999);
    expect(room.whatsapp.hungUp).toEqual([]);
    await room.clock.advance(1);
    expect(room.whatsapp.hungUp).toEqual([callId]);
    const call = room.calls.only();
    expect(call).toMatchObject({ outcome: 'completed' });
    expect(ringSecondsOf(call)).toBe(8);
    expect(Number(call.endedAt) - Number(call.requestedAt)).toBe(9_000);
  });

  it('before the phone rings lets it ring as long as was asked for', async () => {
    const { callId } = await room.place({ durationSeconds: 8 });
    room.clock.jump(jumpMs);
    await room.clock.advance(2_000);
    await room.hear({ type: 'ringing', callId });
    room.clock.jump(jumpMs);
    await room.clock.advance(7_999);
    expect(room.whatsapp.hungUp).toEqual([]);
    await room.clock.advance(1);
    expect(room.whatsapp.hungUp).toEqual([callId]);
    expect(ringSecondsOf(room.calls.only())).toBe(8);
  });

  it('while WhatsApp has not said yes leaves the call to the one who places it', async () => {
    room.whatsapp.verdict = async () => {
      room.clock.jump(jumpMs);
      await room.clock.advance(4_000);
    };
    const { callId } = await room.place({ durationSeconds: 5 });
    expect(room.calls.only()).toMatchObject({ state: 'calling', outcome: null });
    await room.clock.advance(4_999);
    expect(room.whatsapp.hungUp).toEqual([]);
    await room.clock.advance(1);
    expect(room.whatsapp.hungUp).toEqual([callId]);
  });

  it('while the callee is looked up ends nothing', async () => {
    const prepare = room.whatsapp.prepareCall.bind(room.whatsapp);
    room.whatsapp.prepareCall = async (...asked) => {
      room.clock.jump(jumpMs);
      await room.clock.advance(3_000);
      return prepare(...asked);
    };
    await room.place({ durationSeconds: 5 });
    expect(room.calls.only()).toMatchObject({ state: 'calling' });
  });

  it('changes nothing about when a place is free', async () => {
    room.changeInstance({ maxConcurrentCalls: 1 });
    await room.place({ durationSeconds: 20 });
    room.clock.jump(jumpMs);
    await room.clock.advance(5_000);
    await expect(room.place()).rejects.toMatchObject({ code: 'too_many_calls', retryAfterSeconds: 15 });
  });

  it('without a connection keeps no phone ringing once it is back', async () => {
    const { callId } = await room.place({ durationSeconds: 5 });
    room.whatsapp.state = 'connecting';
    await room.clock.advance(6_000);
    room.clock.jump(jumpMs);
    await room.clock.advance(3_000);
    await room.reconnect();
    expect(room.whatsapp.hungUp).toEqual([callId]);
    expect(room.calls.only()).toMatchObject({ outcome: 'unreachable' });
  });

  it('gives a call up when its phones have stopped by themselves, no sooner and no later', async () => {
    await room.place({ durationSeconds: 5 });
    room.whatsapp.state = 'connecting';
    await room.clock.advance(6_000);
    room.clock.jump(jumpMs);
    await room.clock.advance(58_000);
    expect(room.calls.only()).toMatchObject({ state: 'calling' });
    await room.clock.advance(2_000);
    expect(room.calls.only()).toMatchObject({ outcome: 'failed' });
  });

  it('cancels a call of which the connection was lost as soon as there is one', async () => {
    const { callId } = await room.place({ durationSeconds: 30 });
    room.whatsapp.state = 'connecting';
    const cancelling = room.service.cancel(room.caller, 'shop', callId);
    await expect(cancelling).rejects.toMatchObject({ code: 'instance_not_connected' });
    room.clock.jump(jumpMs);
    await room.reconnect();
    expect(room.whatsapp.hungUp).toEqual([callId]);
    expect(room.calls.only()).toMatchObject({ outcome: 'cancelled' });
  });
});

it('a clock that was set back between two processes keeps no phone ringing for as long as it was ahead', async () => {
  const { callId } = await room.place({ durationSeconds: 10 });
  room.clock.jump(-HOUR_MS);
  const next = await new CallRoom(room).start();
  await next.clock.advance(80_000);
  expect(next.whatsapp.hungUp).toContain(callId);
  await next.stop();
});
