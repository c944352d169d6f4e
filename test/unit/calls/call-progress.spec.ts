import { progress } from '../../../src/calls/store/call-progress.js';
import { isBroughtForward, silentFrom } from '../../../src/calls/call-times.js';
import type { Call } from '../../../src/calls/store/call.entity.js';
import { MemoryCalls } from './support/memory-calls.js';

const ACCEPTED = { type: 'accepted', furtherDevices: [], callerTimeoutSeconds: null } as const;
const second = (seconds: number) => new Date(Date.UTC(2026, 0, 1) + seconds * 1000);

function aCall(call: Partial<Call> = {}): Call {
  return new MemoryCalls().add({
    durationSeconds: 10,
    requestedAt: second(0),
    hangUpAt: second(11),
    ...call,
  });
}

describe('what happens to a call', () => {
  it('is hung up the requested time after WhatsApp accepted it, as long as no device rings', () => {
    expect(progress(aCall(), ACCEPTED, second(2))).toEqual({
      state: 'calling',
      acceptedAt: second(2),
      hangUpAt: second(12),
    });
  });

  it('counts the requested time from the first device that rings', () => {
    const call = aCall({
      state: 'delivered',
      acceptedAt: second(2),
      deliveredAt: second(3),
      hangUpAt: second(12),
    });
    expect(progress(call, { type: 'ringing' }, second(5))).toEqual({
      state: 'ringing',
      deliveredAt: second(3),
      ringingAt: second(5),
      hangUpAt: second(15),
    });
  });

  it('never lets a call last longer than phones ring', () => {
    const call = aCall({
      state: 'calling',
      durationSeconds: 60,
      acceptedAt: second(0),
      hangUpAt: second(60),
    });
    expect(progress(call, { type: 'ringing' }, second(20))?.hangUpAt).toEqual(second(65));
  });

  it('takes a ringing device for a delivery when the receipt got lost', () => {
    const changes = progress(aCall({ state: 'calling' }), { type: 'ringing' }, second(4));
    expect(changes?.deliveredAt).toEqual(second(4));
  });

  it('keeps the hang-up of a call that was cancelled without a connection', () => {
    const call = aCall({ state: 'delivered', acceptedAt: second(1), hangUpAt: second(3) });
    expect(isBroughtForward(call)).toBe(true);
    expect(progress(call, { type: 'ringing' }, second(4))).not.toHaveProperty('hangUpAt');
  });

  it('adds the time of a late acceptance to a call that is over', () => {
    const call = aCall({ state: 'ended', outcome: 'answered', endedAt: second(1) });
    expect(progress(call, ACCEPTED, second(2))).toEqual({
      state: 'ended',
      acceptedAt: second(2),
    });
  });

  describe('when WhatsApp says more with its acceptance', () => {
    const ring = { callId: '00A', creator: '1:2@lid', devices: ['7@lid', '7:3@lid'], offerStanzaId: 'o' };
    const said = { furtherDevices: ['7:5@lid', '7:3@lid'], callerTimeoutSeconds: 45 };
    const learned = {
      ring: { ...ring, devices: ['7@lid', '7:3@lid', '7:5@lid'], offered: ['7@lid', '7:3@lid'] },
      callerTimeoutSeconds: 45,
    };

    it('rings the further devices too, and still knows which ones have a key', () => {
      const changes = progress(aCall({ ring }), { type: 'accepted', ...said }, second(2));
      expect(changes).toEqual({ state: 'calling', acceptedAt: second(2), hangUpAt: second(12), ...learned });
      const keyed = { ...ring, offered: ['7@lid'] };
      const again = progress(aCall({ ring: keyed }), { type: 'accepted', ...said }, second(2));
      expect(again?.ring).toEqual({ ...learned.ring, offered: ['7@lid'] });
    });

    it.each(['offering', 'calling', 'delivered', 'ringing', 'ended'] as const)(
      'adds it to a call that is %s, and changes nothing else, when it comes later',
      (state) => {
        const changes = progress(aCall({ state, ring }), { type: 'acknowledged', ...said }, second(2));
        expect(changes).toEqual({ state, ...learned });
      },
    );
  });

  it('lets repeated and late news fade', () => {
    expect(progress(aCall({ state: 'ringing' }), { type: 'ringing' }, second(1))).toBeUndefined();
    expect(progress(aCall({ state: 'ringing' }), { type: 'delivered' }, second(1))).toBeUndefined();
    expect(
      progress(aCall({ state: 'ended', outcome: 'completed' }), { type: 'answered' }, second(1)),
    ).toBeUndefined();
  });

  it.each([
    [{ type: 'answered' }, { outcome: 'answered' }],
    [{ type: 'refused_by_callee', refusal: 'busy' }, { outcome: 'busy' }],
    [{ type: 'refused_by_callee', refusal: 'rejected' }, { outcome: 'rejected' }],
    [{ type: 'refused_by_callee', refusal: 'unreachable' }, { outcome: 'unreachable' }],
    [
      { type: 'ended_remotely', reason: 'hangup' },
      { outcome: 'rejected', failureReason: 'hangup' },
    ],
    [{ type: 'hung_up' }, { outcome: 'completed' }],
    [
      { type: 'cancelled', reason: 'why' },
      { outcome: 'cancelled', failureReason: 'why' },
    ],
    [
      { type: 'refused', failureCode: 403, reason: 'why' },
      { outcome: 'refused', failureCode: 403, failureReason: 'why' },
    ],
    [
      { type: 'unreachable', reason: 'why' },
      { outcome: 'unreachable', failureReason: 'why' },
    ],
    [
      { type: 'failed', reason: 'why' },
      { outcome: 'failed', failureReason: 'why' },
    ],
  ] as const)('ends by %j as %j', (news, ending) => {
    const call = aCall({
      state: 'delivered',
      acceptedAt: second(1),
      deliveredAt: second(1),
      hangUpAt: second(11),
    });
    expect(progress(call, news, second(9))).toEqual({
      state: 'ended',
      endedAt: second(9),
      failureCode: null,
      failureReason: null,
      ...ending,
    });
  });

  it('calls a callee unreachable of whom no device ever confirmed the call', () => {
    const call = aCall({ state: 'calling', acceptedAt: second(1), hangUpAt: second(11) });
    expect(progress(call, { type: 'hung_up' }, second(11))?.outcome).toBe('unreachable');
  });

  it('knows when no phone rings any more, whoever hung up', () => {
    expect(silentFrom(aCall({ acceptedAt: second(1), hangUpAt: second(11) }))).toEqual(second(66));
    expect(silentFrom(aCall({ acceptedAt: null, hangUpAt: second(11) }))).toEqual(second(66));
  });
});
