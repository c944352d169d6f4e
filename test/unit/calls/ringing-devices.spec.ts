import { CallRoom } from './support/call-room.js';

describe('what the server says with its acceptance', () => {
  it('stops the devices that only the server names, also in the next process', async () => {
    const room = await new CallRoom().start();
    room.whatsapp.acceptance = { furtherDevices: ['777:9@lid'], callerTimeoutSeconds: 45 };
    const { callId } = await room.place({ durationSeconds: 3 });
    const devices = ['777@lid', '777:3@lid', '777:9@lid'];
    expect(room.calls.only()).toMatchObject({ ring: { callId, devices }, callerTimeoutSeconds: 45 });
    const next = await new CallRoom(room).start();
    await next.reconnect();
    await next.clock.advance(3_000);
    expect(next.whatsapp.lastHungUp).toMatchObject({ callId, devices });
    await room.clock.advance(3_000);
    expect(room.whatsapp.lastHungUp).toMatchObject({ callId, devices });
  });

  it('keeps what the server says only later', async () => {
    const room = await new CallRoom().start();
    const { callId } = await room.place({ durationSeconds: 3 });
    await room.hear({ type: 'ringing', callId });
    const said = { furtherDevices: ['777:9@lid'], callerTimeoutSeconds: 60 };
    await room.hear({ type: 'acknowledged', callId, ...said });
    const devices = ['777@lid', '777:3@lid', '777:9@lid'];
    expect(room.calls.only()).toMatchObject({
      state: 'ringing',
      ring: { devices },
      callerTimeoutSeconds: 60,
    });
    await room.clock.advance(3_000);
    expect(room.whatsapp.lastHungUp).toMatchObject({ devices });
    expect(room.changes.map(({ call }) => call.state)).toEqual(['offering', 'calling', 'ringing', 'ended']);
  });
});
