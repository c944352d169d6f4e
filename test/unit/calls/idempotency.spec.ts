import { ReplayedError, type IdempotencyInProgress } from '../../../src/calls/errors.js';
import { DomainError } from '../../../src/common/errors/domain-error.js';
import {
  CalleeUnreachable,
  NumberNotRegistered,
  OfferRefused,
  WhatsAppRestricted,
} from '../../../src/whatsapp/whatsapp.errors.js';
import { fingerprintOf } from '../../../src/calls/place/fake-call.js';
import { parseAnswer } from '../../../src/calls/idempotency/remembered-answer.js';
import { CallRoom } from './support/call-room.js';
import { ringOf } from './support/fake-whatsapp.js';

async function open(): Promise<CallRoom> {
  return new CallRoom().start();
}

/** All that a client gets to see of an error. */
function factsOf(error: unknown) {
  if (!(error instanceof DomainError)) throw new Error('no error of the product');
  const { code, kind, message, retryAfterSeconds } = error;
  return { code, kind, message, retryAfterSeconds };
}

const DAY_MS = 24 * 60 * 60 * 1000;

describe('a request with an idempotency key', () => {
  it('rings once and gets the same answer again', async () => {
    const room = await open();
    const first = await room.place({ key: 'k' });
    const again = await room.place({ key: 'k' });
    expect(again).toEqual({ ...first, replayed: true });
    expect(room.whatsapp.asked).toHaveLength(1);
  });

  it('gets its first answer even without a connection', async () => {
    const room = await open();
    await room.place({ key: 'k' });
    room.whatsapp.state = 'connecting';
    await expect(room.place({ key: 'k' })).resolves.toMatchObject({ replayed: true });
  });

  it('is refused when the key belongs to another request', async () => {
    const room = await open();
    await room.place({ key: 'k', durationSeconds: 8 });
    await expect(room.place({ key: 'k', durationSeconds: 9 })).rejects.toMatchObject({
      code: 'idempotency_mismatch',
      message: 'Idempotency key was used with a different request',
    });
  });

  it('is refused while the first one runs', async () => {
    const room = await open();
    let second: Promise<unknown> = Promise.resolve();
    room.whatsapp.verdict = async () => {
      second = room.place({ key: 'k' });
      await second.catch(() => undefined);
    };
    await room.place({ key: 'k' });
    await expect(second).rejects.toMatchObject({
      code: 'idempotency_in_progress',
      message: 'A request with this idempotency key is in progress',
      retryAfterSeconds: 2,
    });
  });

  it('says when a request that is in progress is mostly answered, and nothing when it takes longer', async () => {
    const room = await open();
    const waits: unknown[] = [];
    room.whatsapp.verdict = async () => {
      for (const ms of [0, 1_500, 1_000]) {
        await room.clock.advance(ms);
        const error = await room.place({ key: 'k' }).catch((thrown: unknown) => thrown);
        waits.push((error as IdempotencyInProgress).retryAfterSeconds);
      }
    };
    await room.place({ key: 'k' });
    expect(waits).toEqual([2, 1, undefined]);
  });

  it('asks nobody to wait for longer than the usual answer takes, whatever the clock of another node says', async () => {
    const room = await open();
    let second: Promise<unknown> = Promise.resolve();
    room.whatsapp.verdict = async () => {
      for (const [name, row] of room.keys.rows) {
        room.keys.rows.set(name, { ...row, createdAt: new Date(room.clock.now().getTime() + 5) });
      }
      second = room.place({ key: 'k' });
      await second.catch(() => undefined);
    };
    await room.place({ key: 'k' });
    await expect(second).rejects.toMatchObject({ retryAfterSeconds: 2 });
  });

  it('repeats a refusal with what is left of its time to wait, and with none once it is over', async () => {
    const room = await open();
    const until = new Date(room.clock.now().getTime() + 60_000);
    room.whatsapp.verdict = () =>
      Promise.reject(WhatsAppRestricted.account('reach-out', until, 463, room.clock.now()));
    const waits: unknown[] = [];
    for (const ms of [0, 45_000, 30_000]) {
      await room.clock.advance(ms);
      const error = await room.place({ key: 'k' }).catch((thrown: unknown) => thrown);
      waits.push((error as WhatsAppRestricted).retryAfterSeconds);
    }
    expect(waits).toEqual([60, 15, undefined]);
  });

  it('of several at once rings once', async () => {
    const room = await open();
    await Promise.allSettled(Array.from({ length: 20 }, () => room.place({ key: 'k' })));
    expect(room.whatsapp.asked).toHaveLength(1);
  });

  it.each([
    ['unknown number', new NumberNotRegistered()],
    ['no device', new CalleeUnreachable('no device')],
    ['restricted', WhatsAppRestricted.account('later', new Date(Date.now() + 60_000), 463, new Date())],
  ])('gets the failure again that WhatsApp told: %s', async (_, failure: DomainError) => {
    const room = await open();
    room.whatsapp.prepareFailure = failure;
    await expect(room.place({ key: 'k' })).rejects.toBe(failure);
    room.whatsapp.prepareFailure = undefined;
    const replayed: unknown = await room.place({ key: 'k' }).catch((error: unknown) => error);
    expect(replayed).toBeInstanceOf(ReplayedError);
    expect(factsOf(replayed)).toEqual(factsOf(failure));
    expect(room.whatsapp.asked).toHaveLength(1);
  });

  it('gets a fault of ours again without its inside', async () => {
    const room = await open();
    room.whatsapp.verdict = () => Promise.reject(new Error('secret'));
    await expect(room.place({ key: 'k' })).rejects.toThrow('secret');
    await expect(room.place({ key: 'k' })).rejects.toMatchObject({
      message: 'Internal server error',
      code: 'internal_error',
      kind: 'failed',
    });
  });

  it('may be sent again when it never reached WhatsApp', async () => {
    const room = await open();
    room.whatsapp.state = 'connecting';
    await expect(room.place({ key: 'k' })).rejects.toMatchObject({ code: 'instance_not_connected' });
    room.whatsapp.state = 'connected';
    room.changeInstance({
      restriction: { until: new Date(room.clock.now().getTime() + 1000), contactsFrom: null },
    });
    await expect(room.place({ key: 'k' })).rejects.toMatchObject({ code: 'whatsapp_restricted' });
    room.changeInstance({ restriction: null });
    await expect(room.place({ key: 'k' })).resolves.toMatchObject({ replayed: false });
  });

  it('is forgotten after a day', async () => {
    const room = await open();
    await room.place({ key: 'k' });
    await room.clock.advance(100_000);
    room.keys.rows.forEach((row, name) =>
      room.keys.rows.set(name, { ...row, createdAt: new Date(room.clock.now().getTime() - DAY_MS - 1) }),
    );
    await expect(room.place({ key: 'k', durationSeconds: 9 })).resolves.toMatchObject({ replayed: false });
  });
});

describe('a request that was cut off by a crash', () => {
  async function crash(call: 'accepted' | 'delivered' | 'busy' | 'refused' | 'offered' | 'preparing') {
    const crashed = await open();
    const { id: instanceId } = crashed.instance;
    const ring = ringOf(7);
    const placed = { instanceId, ring, callId: ring.callId, jid: '777@lid' };
    const at = crashed.clock.now();
    const rows = {
      accepted: { ...placed, state: 'calling', acceptedAt: at },
      delivered: { ...placed, state: 'ended', outcome: 'completed', deliveredAt: at, endedAt: at },
      busy: { ...placed, state: 'ended', outcome: 'busy', endedAt: at },
      refused: {
        ...placed,
        state: 'ended',
        outcome: 'refused',
        failureReason: 'WhatsApp refused the call: no (403)',
        endedAt: at,
      },
      offered: placed,
      preparing: { instanceId },
    } as const;
    const row = crashed.calls.add({
      requestedAt: at,
      hangUpAt: new Date(at.getTime() + 9_000),
      ...rows[call],
    });
    const key = { instanceId, key: 'k' };
    const request = {
      callee: { kind: 'number', candidates: ['5511999999999'] },
      number: '5511999999999',
      durationSeconds: 8,
    } as const;
    await crashed.keys.claim(key, {
      fingerprint: fingerprintOf(request),
      now: at,
      expiredBefore: new Date(0),
    });
    crashed.calls.linked.set('k', row.id);
    return new CallRoom(crashed).start();
  }

  it.each([
    ['WhatsApp had accepted the offer', 'accepted'],
    ['a device had received it before WhatsApp said so', 'delivered'],
    ['the callee had ended it before WhatsApp said so', 'busy'],
  ] as const)('gets its success when %s', async (_, call) => {
    const room = await crash(call);
    await expect(room.place({ key: 'k' })).resolves.toMatchObject({
      callId: ringOf(7).callId,
      replayed: true,
    });
  });

  it('gets the refusal that the call tells', async () => {
    const room = await crash('refused');
    await expect(room.place({ key: 'k' })).rejects.toMatchObject({
      code: 'call_refused',
      message: 'WhatsApp refused the call: no (403)',
    });
  });

  it('hears that nobody acknowledged the call when its offer may have left', async () => {
    const room = await crash('offered');
    await expect(room.place({ key: 'k' })).rejects.toMatchObject({ code: 'call_not_acknowledged' });
  });

  it('may be sent again when its offer never left', async () => {
    const room = await crash('preparing');
    await expect(room.place({ key: 'k' })).resolves.toMatchObject({ replayed: false });
  });
});

describe('a stored answer', () => {
  it.each([[null], [{}], [{ type: 'placed', callId: 5 }], [{ type: 'error', message: 'm' }], ['text']])(
    'that is none of ours is no answer: %j',
    (stored) => expect(parseAnswer(stored)).toBeUndefined(),
  );

  it('of a refusal keeps its code', () => {
    const { message, code, kind } = new OfferRefused(403, 'no');
    const answer = { type: 'error', message, code, kind, retryAt: null };
    expect(parseAnswer(answer)).toEqual(answer);
  });
});
