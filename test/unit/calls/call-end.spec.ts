import { ringOf } from './support/fake-whatsapp.js';
import { CallRoom } from './support/call-room.js';

async function open(): Promise<CallRoom> {
  return new CallRoom().start();
}

function cancel(room: CallRoom, callId: string) {
  return room.service.cancel(room.caller, 'shop', callId);
}

describe('cancelling a call', () => {
  it('stops the phones and answers with the call as it ended', async () => {
    const room = await open();
    const { callId } = await room.place();
    await room.clock.advance(2_000);
    await expect(cancel(room, callId)).resolves.toMatchObject({
      call: { state: 'ended', outcome: 'cancelled' },
    });
    expect(room.whatsapp.ringing.size).toBe(0);
    await room.clock.advance(20_000);
    expect(room.whatsapp.hungUp).toEqual([callId]);
  });

  it('works while WhatsApp has not accepted the offer yet', async () => {
    const room = await open();
    room.whatsapp.verdict = async (callId) => void (await cancel(room, callId));
    const { callId } = await room.place();
    expect(room.calls.only().outcome).toBe('cancelled');
    expect(room.whatsapp.hungUp).toEqual([callId]);
    await room.clock.advance(20_000);
    expect(room.whatsapp.hungUp).toEqual([callId]);
  });

  it('holds the offer back when it comes before the offer left', async () => {
    const room = await open();
    let offers = 0;
    room.whatsapp.verdict = () => void offers++;
    room.onChanged = async ({ call }) => {
      if (call.state === 'offering') await cancel(room, call.callId ?? '');
    };
    await room.place();
    expect(offers).toBe(0);
    expect(room.calls.only().outcome).toBe('cancelled');
  });

  it('does not know calls of nobody, of other instances, and those that are not calls yet', async () => {
    const room = await open();
    room.calls.add({ instanceId: room.instance.id });
    room.calls.add({ callId: '00OTHER', ring: ringOf(9) });
    await expect(cancel(room, '00NOBODY')).rejects.toThrow('call not found');
    await expect(cancel(room, '00OTHER')).rejects.toMatchObject({ code: 'call_not_found' });
  });

  it('is refused for a call that has ended, also when it ends meanwhile', async () => {
    const room = await open();
    const { callId } = await room.place();
    await room.hear({ type: 'answered', callId });
    await expect(cancel(room, callId)).rejects.toThrow('Call has already ended');
    const other = await room.place();
    const both = await Promise.allSettled([cancel(room, other.callId), cancel(room, other.callId)]);
    expect(both.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
  });

  it('without a connection stops the phones as soon as it is back', async () => {
    const room = await open();
    const { callId } = await room.place({ durationSeconds: 30 });
    room.whatsapp.state = 'connecting';
    await expect(cancel(room, callId)).rejects.toMatchObject({ code: 'instance_not_connected' });
    await room.clock.advance(2_000);
    await room.reconnect();
    expect(room.whatsapp.hungUp).toEqual([callId]);
    expect(room.calls.only().outcome).toBe('cancelled');
  });
});

describe('the end of the time', () => {
  it('counts from a phone that began to ring just before, although the timer gets its turn first', async () => {
    const room = await open();
    const { callId } = await room.place({ durationSeconds: 8 });
    room.clock.schedule(8_000, () => void room.hear({ type: 'ringing', callId }));
    await room.clock.advance(15_999);
    expect(room.whatsapp.hungUp).toEqual([]);
    await room.clock.advance(1);
    expect(room.whatsapp.hungUp).toEqual([callId]);
    expect(room.calls.only()).toMatchObject({ outcome: 'completed' });
  });
});

describe('the end of a call on the side of the callee', () => {
  it.each([
    [{ type: 'answered' }, { outcome: 'answered' }],
    [{ type: 'refused_by_callee', refusal: 'busy' }, { outcome: 'busy' }],
    [
      { type: 'ended_remotely', reason: 'hangup' },
      { outcome: 'rejected', failureReason: 'hangup' },
    ],
    [
      { type: 'ended_remotely', reason: 'accepted_elsewhere' },
      { outcome: 'answered', failureReason: null },
    ],
  ] as const)('is taken over and nobody hangs up later: %j', async (signal, ending) => {
    const room = await open();
    const { callId } = await room.place();
    await room.hear({ ...signal, callId });
    expect(room.calls.only()).toMatchObject({ state: 'ended', ...ending });
    await room.clock.advance(70_000);
    expect(room.whatsapp.hungUp).toEqual([]);
  });

  it('is ignored for calls that nobody knows', async () => {
    const room = await open();
    await room.hear({ type: 'answered', callId: '00NOBODY' });
    expect(room.log.sentences('error')).toEqual([]);
  });
});

describe('a connection that is lost while phones ring', () => {
  it('delays the hang-up until it is back', async () => {
    const room = await open();
    const { callId } = await room.place({ durationSeconds: 5 });
    await room.hear({ type: 'ringing', callId });
    room.whatsapp.state = 'connecting';
    await room.clock.advance(9_000);
    expect(room.calls.only().state).toBe('ringing');
    await room.reconnect();
    expect(room.whatsapp.hungUp).toEqual([callId]);
    expect(room.calls.only().outcome).toBe('completed');
  });

  it('ends the call as failed when the phones have stopped by themselves', async () => {
    const room = await open();
    await room.place({ durationSeconds: 5 });
    room.whatsapp.state = 'connecting';
    await room.clock.advance(64_000);
    expect(room.calls.only().state).toBe('calling');
    await room.clock.advance(2_000);
    expect(room.calls.only()).toMatchObject({
      outcome: 'failed',
      failureReason:
        'The connection to WhatsApp was lost, so the phones rang until they stopped by themselves',
    });
  });

  it('is noticed when the socket closes under the stanza', async () => {
    const room = await open();
    const { callId } = await room.place({ durationSeconds: 5 });
    room.whatsapp.hangUpFailure = new Error('Connection Closed');
    await room.clock.advance(6_000);
    expect(room.calls.only().state).toBe('calling');
    expect(room.log.sentences('warn')).toContain('A call could not be hung up');
    room.whatsapp.hangUpFailure = undefined;
    await room.clock.advance(1_000);
    expect(room.whatsapp.hungUp).toEqual([callId]);
  });
});

describe('a hang-up that fails', () => {
  it('is told in its own words, also when the connection is lost meanwhile', async () => {
    const room = await open();
    await room.place({ durationSeconds: 5 });
    const failure = new Error('The keys of the callee are gone');
    room.whatsapp.hangUpFailure = failure;
    room.whatsapp.state = 'connecting';
    await room.clock.advance(6_000);
    expect(room.log.lines).toContainEqual(
      expect.objectContaining({
        sentence: 'A call could not be hung up',
        details: expect.objectContaining({ err: failure }),
      }),
    );
  });
});

describe('a process that stops', () => {
  it('leaves no phone ringing and takes no further calls', async () => {
    const room = await open();
    await room.place({ durationSeconds: 60 });
    await room.stop();
    expect(room.whatsapp.ringing.size).toBe(0);
    expect(room.calls.only()).toMatchObject({ outcome: 'cancelled', failureReason: 'Ringdrop was stopped' });
    await expect(room.place()).rejects.toMatchObject({ code: 'shutting_down' });
    await room.clock.advance(5_000);
    expect(room.clock.pendingTimers).toBe(0);
  });

  it('keeps calls that it cannot hang up for the next one', async () => {
    const room = await open();
    await room.place();
    room.whatsapp.state = 'connecting';
    await room.stop();
    expect(room.calls.only().state).toBe('calling');
  });
});

describe('a process that starts after a crash', () => {
  it('ends calls whose offer never left', async () => {
    const crashed = await open();
    // The first look at the calls is over before there is one.
    await crashed.clock.advance(0);
    crashed.calls.add({ instanceId: crashed.instance.id });
    const room = await new CallRoom(crashed).start();
    expect(room.calls.only()).toMatchObject({
      outcome: 'failed',
      failureReason: 'Ringdrop stopped before the call was placed',
    });
  });

  it('follows calls that still ring once their session is open, and hangs them up on time', async () => {
    const crashed = await open();
    const { callId } = await crashed.place({ durationSeconds: 10 });
    await crashed.clock.advance(3_000);
    const room = new CallRoom(crashed);
    room.whatsapp.state = 'connecting';
    await room.start();
    expect(room.whatsapp.followed).toEqual([]);
    await room.reconnect();
    expect(room.whatsapp.followed).toEqual([callId]);
    await room.clock.advance(6_999);
    expect(room.whatsapp.hungUp).toEqual([]);
    await room.clock.advance(1);
    expect(room.whatsapp.hungUp).toEqual([callId]);
  });

  it('hangs up what fell due meanwhile as soon as the session is open', async () => {
    const crashed = await open();
    const { callId } = await crashed.place({ durationSeconds: 2 });
    await crashed.hear({ type: 'ringing', callId });
    crashed.whatsapp.state = 'absent';
    await crashed.clock.advance(8_000);
    const room = new CallRoom(crashed);
    room.whatsapp.state = 'connecting';
    await room.start();
    await room.clock.advance(2_000);
    expect(room.calls.only().state).toBe('ringing');
    await room.reconnect();
    expect(room.whatsapp.hungUp).toEqual([callId]);
    expect(room.calls.only().outcome).toBe('completed');
  });

  it('takes an offer without a verdict for a ringing call', async () => {
    const crashed = await open();
    crashed.calls.add({
      instanceId: crashed.instance.id,
      ring: ringOf(5),
      callId: ringOf(5).callId,
      requestedAt: crashed.clock.now(),
      hangUpAt: new Date(crashed.clock.now().getTime() + 4_000),
    });
    const room = await new CallRoom(crashed).start();
    expect(room.whatsapp.followed).toEqual([ringOf(5).callId]);
    await room.clock.advance(4_000);
    expect(room.whatsapp.hungUp).toEqual([ringOf(5).callId]);
    expect(room.calls.only().state).toBe('ended');
  });
});
