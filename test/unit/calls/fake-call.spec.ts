import {
  CalleeUnreachable,
  NumberNotRegistered,
  OfferNotAcknowledged,
  OfferRefused,
  SessionNotConnected,
  WhatsAppRestricted,
  WhatsAppTimeout,
} from '../../../src/whatsapp/whatsapp.errors.js';
import { CallRoom } from './support/call-room.js';

async function open(): Promise<CallRoom> {
  return new CallRoom().start();
}

describe('placing a fake call', () => {
  it('answers when WhatsApp accepted the offer and hangs up by itself', async () => {
    const room = await open();
    const answer = await room.place({ durationSeconds: 15 });
    expect(answer).toEqual({
      callId: room.calls.only().callId,
      number: '5511999999999',
      durationSeconds: 15,
      replayed: false,
    });
    expect(room.calls.only().state).toBe('calling');
    await room.clock.advance(14_990);
    expect(room.whatsapp.ringing).toContain(answer.callId);
    await room.clock.advance(10);
    expect(room.whatsapp.hungUp).toEqual([answer.callId]);
    expect(room.calls.only()).toMatchObject({ state: 'ended', outcome: 'unreachable' });
  });

  it('rings for the requested time, counted from the device that rings', async () => {
    const room = await open();
    const { callId } = await room.place({ durationSeconds: 5 });
    await room.clock.advance(1_000);
    await room.hear({ type: 'delivered', callId });
    await room.clock.advance(1_500);
    await room.hear({ type: 'ringing', callId });
    await room.clock.advance(4_999);
    expect(room.whatsapp.hungUp).toEqual([]);
    await room.clock.advance(1);
    expect(room.whatsapp.hungUp).toEqual([callId]);
    const { outcome, ringingAt, endedAt } = room.calls.only();
    expect(outcome).toBe('completed');
    expect(Number(endedAt) - Number(ringingAt)).toBe(5_000);
  });

  it('rings for the requested time when its delivery is written down before its acceptance', async () => {
    const room = await open();
    const { callId } = await room.place({ durationSeconds: 5 });
    const provisional = { acceptedAt: null, hangUpAt: new Date(room.clock.now().getTime() + 3_000) };
    const [call] = room.deadlines.watchedCalls();
    if (call) room.deadlines.watch({ ...call, ...provisional, state: 'delivered' });
    await room.clock.advance(4_999);
    expect(room.whatsapp.hungUp).toEqual([]);
    await room.clock.advance(1);
    expect(room.whatsapp.hungUp).toEqual([callId]);
  });

  it('rings for the requested time while it is not written down yet that it rings', async () => {
    const room = await open();
    const { callId } = await room.place({ durationSeconds: 5 });
    await room.clock.advance(2_000);
    room.deadlines.ringing(room.instance.id, callId, room.clock.now());
    await room.clock.advance(4_999); // the row is due for two seconds, and the sweep has looked at it
    expect(room.whatsapp.hungUp).toEqual([]);
    await room.clock.advance(1);
    expect(room.whatsapp.hungUp).toEqual([callId]);
  });

  it('has its row with everything needed to hang up before the offer leaves', async () => {
    const room = await open();
    let atOffer: unknown;
    room.whatsapp.verdict = () => void (atOffer = room.calls.only());
    const { callId } = await room.place();
    expect(atOffer).toMatchObject({ state: 'offering', callId, ring: { callId }, jid: '777@lid' });
  });

  it('tells every change of state once', async () => {
    const room = await open();
    const { callId } = await room.place({ durationSeconds: 3 });
    await room.hear({ type: 'delivered', callId });
    await room.hear({ type: 'ringing', callId });
    await room.hear({ type: 'ringing', callId });
    await room.clock.advance(3_000);
    expect(room.changes.map(({ call }) => call.state)).toEqual([
      'offering',
      'calling',
      'delivered',
      'ringing',
      'ended',
    ]);
    expect(room.changes.every(({ instanceId }) => instanceId === room.instance.id)).toBe(true);
  });

  it('copes with a callee that rings before the server accepted the offer', async () => {
    const room = await open();
    room.whatsapp.verdict = async (callId) => {
      await room.hear({ type: 'delivered', callId });
      await room.hear({ type: 'ringing', callId });
    };
    await room.place({ durationSeconds: 5 });
    const call = room.calls.only();
    expect(call.state).toBe('ringing');
    expect(call.acceptedAt).toEqual(room.clock.now());
    await room.clock.advance(5_000);
    expect(room.calls.only().outcome).toBe('completed');
  });

  it.each([
    ['answered', { type: 'answered' }],
    ['rejected', { type: 'refused_by_callee', refusal: 'rejected' }],
  ] as const)(
    'answers with success when the callee %s before the server accepted',
    async (outcome, signal) => {
      const room = await open();
      room.whatsapp.verdict = (callId) => room.hear({ ...signal, callId });
      await expect(room.place()).resolves.toMatchObject({ replayed: false });
      expect(room.calls.only()).toMatchObject({ state: 'ended', outcome, acceptedAt: room.clock.now() });
      await room.clock.advance(20_000);
      expect(room.whatsapp.hungUp).toEqual([]);
    },
  );

  it('answers with success when the callee picked up and only the verdict is missing', async () => {
    const room = await open();
    room.whatsapp.verdict = async (callId) => {
      await room.hear({ type: 'answered', callId });
      throw new OfferNotAcknowledged('silence');
    };
    await room.place();
    expect(room.calls.only().outcome).toBe('answered');
  });

  it.each([
    ['unknown number', new NumberNotRegistered()],
    ['connection lost', new SessionNotConnected()],
  ])('leaves nothing behind when nothing was sent: %s', async (_, failure) => {
    const room = await open();
    room.whatsapp.prepareFailure = failure;
    await expect(room.place()).rejects.toBe(failure);
    expect(room.calls.all()).toEqual([]);
    expect(room.changes).toEqual([]);
  });

  it('takes a call back that was about to leave when the connection broke, and says so', async () => {
    const room = await open();
    room.whatsapp.verdict = () => Promise.reject(new SessionNotConnected());
    await expect(room.place()).rejects.toThrow('Instance is not connected to WhatsApp');
    expect(room.calls.all()).toEqual([]);
    expect(room.changes.map(({ call }) => [call.state, call.outcome])).toEqual([
      ['offering', null],
      ['ended', 'failed'],
    ]);
  });

  it('names the stop of the process, not the connection, for a call that it kept from leaving', async () => {
    const room = await open();
    room.departure.handsOver = true;
    room.onChanged = ({ call }) => (call.state === 'offering' ? room.stop() : undefined);
    await expect(room.place()).rejects.toThrow('Ringdrop is being stopped. Try again');
    expect(room.changes.at(-1)?.call).toMatchObject({
      outcome: 'failed',
      failureReason: 'Ringdrop was stopped before the call was placed',
    });
  });

  it.each([
    ['no device', new CalleeUnreachable('no device'), { outcome: 'unreachable', failureCode: null }],
    ['restricted', WhatsAppRestricted.contact(463, new Date()), { outcome: 'refused', failureCode: 463 }],
    ['no answer', new WhatsAppTimeout('device list'), { outcome: 'failed', failureCode: null }],
  ])('keeps what became of a call that could not be prepared: %s', async (_, failure, ending) => {
    const room = await open();
    room.whatsapp.prepareFailure = failure;
    await expect(room.place()).rejects.toBe(failure);
    expect(room.calls.only()).toMatchObject({ state: 'ended', failureReason: failure.message, ...ending });
    expect(room.whatsapp.ringing.size).toBe(0);
  });

  it.each([
    ['refused', new OfferRefused(403, 'not allowed'), { outcome: 'refused', failureCode: 403 }],
    ['restricted', WhatsAppRestricted.contact(463, new Date()), { outcome: 'refused', failureCode: 463 }],
    ['no verdict', new OfferNotAcknowledged('silence'), { outcome: 'failed', failureCode: null }],
  ])('keeps what became of an offer that left: %s', async (_, failure, ending) => {
    const room = await open();
    room.whatsapp.verdict = () => Promise.reject(failure);
    await expect(room.place()).rejects.toBe(failure);
    expect(room.calls.only()).toMatchObject({ state: 'ended', failureReason: failure.message, ...ending });
    await room.clock.advance(20_000);
    expect(room.whatsapp.hungUp).toEqual([]);
  });

  it('stops the phones when nobody knows whether the offer left', async () => {
    const room = await open();
    room.whatsapp.verdict = () => Promise.reject(new Error('a fault of ours'));
    await expect(room.place()).rejects.toThrow('a fault of ours');
    expect(room.whatsapp.ringing.size).toBe(0);
    expect(room.calls.only()).toMatchObject({ outcome: 'failed', failureReason: 'Internal error' });
  });

  it('hangs up on time although the database is gone', async () => {
    const room = await open();
    room.whatsapp.verdict = () => void (room.calls.failing = true);
    await expect(room.place({ durationSeconds: 5 })).rejects.toThrow('the database is gone');
    await room.clock.advance(5_000);
    expect(room.whatsapp.ringing.size).toBe(0);
    room.calls.failing = false;
    await room.clock.advance(20_000);
    expect(room.calls.only().state).toBe('ended');
  });

  it('does not find an instance of somebody else, in lower case', async () => {
    const room = await open();
    await expect(room.place({ instanceName: 'other' })).rejects.toThrow('instance not found');
  });

  it.each([
    [true, 61, 61],
    [true, undefined, undefined],
    [false, 61, undefined],
  ])(
    'asks nobody without a connection, and says when a linked phone (%s) has one again (in %s s) if that is known',
    async (isLinked, secondsUntilOpen, after) => {
      const room = await open();
      room.changeInstance({ isLinked });
      room.whatsapp.secondsUntilOpen = secondsUntilOpen;
      room.whatsapp.state = 'connecting';
      const error = await room.place().catch((thrown: unknown) => thrown);
      expect(error).toBeInstanceOf(SessionNotConnected);
      expect(error instanceof SessionNotConnected && error.retryAfterSeconds).toBe(after);
      expect(room.calls.all()).toEqual([]);
    },
  );
});

describe('letting calls in', () => {
  it('takes as many calls at once as the instance may have', async () => {
    const room = await open();
    room.changeInstance({ maxConcurrentCalls: 2 });
    await room.place({ durationSeconds: 20 });
    await room.clock.advance(500);
    await room.place({ durationSeconds: 5 });
    await expect(room.place()).rejects.toMatchObject({ code: 'too_many_calls', retryAfterSeconds: 5 });
    await room.clock.advance(5_000);
    await expect(room.place()).resolves.toBeDefined();
  });

  it('keeps the pause between calls of an instance', async () => {
    const room = await open();
    room.changeInstance({ minSecondsBetweenCalls: 30 });
    await room.place();
    await room.clock.advance(12_300);
    await expect(room.place({ number: '14155550100' })).rejects.toMatchObject({
      code: 'call_pacing',
      message: 'Calls on this instance must be at least 30 seconds apart',
      retryAfterSeconds: 18,
    });
    await room.clock.advance(17_700);
    await expect(room.place()).resolves.toBeDefined();
  });

  it('keeps the pause between calls to the same number, in whatever form', async () => {
    const room = await open();
    room.changeInstance({ numberCooldownSeconds: 3600 });
    await room.place({ number: '551199999999' });
    const again = {
      number: '5511999999999',
      callee: { kind: 'number', candidates: ['5511999999999', '551199999999'] },
    } as const;
    await expect(room.place(again)).rejects.toMatchObject({
      code: 'number_cooldown',
      message: 'This number was called less than 3600 seconds ago',
      retryAfterSeconds: 3600,
    });
    await expect(room.place({ number: '14155550100' })).resolves.toBeDefined();
  });

  it('tells a full instance before a restriction and a restriction before the pause', async () => {
    const room = await open();
    room.changeInstance({ maxConcurrentCalls: 1, minSecondsBetweenCalls: 60 });
    await room.place();
    room.changeInstance({
      restriction: { until: new Date(room.clock.now().getTime() + 1000), contactsFrom: null },
    });
    await expect(room.place()).rejects.toMatchObject({ code: 'too_many_calls' });
    room.changeInstance({ maxConcurrentCalls: 2 });
    await expect(room.place()).rejects.toMatchObject({ code: 'whatsapp_restricted' });
  });
});
