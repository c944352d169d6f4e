import { randomUUID } from 'node:crypto';
import { DataSource } from 'typeorm';
import type { IncomingEnd } from '../../../src/calls/incoming/incoming-call.js';
import { CallClock } from '../../../src/calls/call-clock.js';
import { IncomingCallsListener } from '../../../src/calls/incoming/incoming-calls.listener.js';
import { IncomingCallsRepository } from '../../../src/calls/incoming/incoming-calls.repository.js';
import type { WebhookEvent } from '../../../src/common/events/webhook-event.js';
import type { IncomingCallRule } from '../../../src/instances/incoming-call-rules.js';
import type { IncomingCallSignal } from '../../../src/whatsapp/whatsapp-signals.js';
import { ManualClock } from '../../support/manual-clock.js';
import { SilentLog } from '../../support/silent-log.js';
import { fencedWrites } from '../../support/test-ownership.js';
import { FakeWhatsApp } from './support/fake-whatsapp.js';

class MemoryIncomingCalls extends IncomingCallsRepository {
  readonly stored: WebhookEvent[] = [];
  readonly ends: (IncomingEnd | undefined)[] = [];
  /** What calls of the account have found out, by LID. */
  readonly called = new Map<string, string>();

  constructor() {
    const neverConnected = new DataSource({ type: 'postgres' });
    super(neverConnected, fencedWrites(neverConnected));
  }

  override numberOf(_instanceId: string, lid: string): Promise<string | null> {
    return Promise.resolve(this.called.get(lid) ?? null);
  }

  override record(event: WebhookEvent, _: IncomingCallSignal, end: IncomingEnd | undefined): Promise<void> {
    this.stored.push(event);
    this.ends.push(end);
    return Promise.resolve();
  }
}

const instanceId = randomUUID();
const clock = new ManualClock();
const caller = {
  instanceId,
  at: clock.now(),
  from: '777@lid',
  number: '5511988887777',
  replyTo: '5511988887777@s.whatsapp.net',
  isVideo: false,
  isGroup: false,
  offeredAt: null,
};
const offer = { type: 'incoming_call', callId: 'A', ...caller } as const;
const ended = {
  type: 'incoming_call_ended',
  callId: 'A',
  ...caller,
  reason: 'timeout',
  answeredElsewhere: false,
  rang: true,
} as const;

function setUp(rule: IncomingCallRule | undefined, time: ManualClock = clock) {
  const whatsapp = new FakeWhatsApp();
  const outbox = new MemoryIncomingCalls();
  const log = new SilentLog();
  const rules = { of: () => Promise.resolve(rule) };
  const listener = new IncomingCallsListener(whatsapp, outbox, rules, new CallClock(time), time, log);
  listener.onModuleInit();
  const hear = async (...signals: IncomingCallSignal[]) => {
    for (const signal of signals) whatsapp.emit(signal);
    await listener.idle();
  };
  const states = () => outbox.stored.map(({ data }) => [data['state'], data['outcome']]);
  return { whatsapp, outbox, log, hear, states };
}

describe('an incoming call', () => {
  it('is reported from its offer to its end', async () => {
    const { outbox, hear, states, whatsapp } = setUp({ autoReject: false, message: 'no calls please' });
    await hear(offer, ended);
    expect(outbox.stored[0]).toEqual({
      instanceId,
      type: 'call.update',
      lane: 'call:A',
      at: offer.at,
      data: {
        state: 'offer',
        direction: 'incoming',
        callId: 'A',
        number: '5511988887777',
        jid: '777@lid',
        timestamp: offer.at.toISOString(),
        isVideo: false,
        isGroup: false,
      },
    });
    expect(states()).toEqual([
      ['offer', undefined],
      ['terminated', 'missed'],
    ]);
    expect(whatsapp.rejected).toEqual([]);
    expect(whatsapp.texts).toEqual([]);
  });

  it.each([
    [{ answeredElsewhere: true, reason: 'accepted_elsewhere' }, 'accepted', 'answered'],
    [{ answeredElsewhere: false, reason: 'rejected_elsewhere' }, 'rejected', 'rejected'],
    [{ answeredElsewhere: false, reason: null }, 'terminated', 'missed'],
  ])('that ended with %j is reported as %s, %s', async (end, state, outcome) => {
    const { hear, states, outbox } = setUp({ autoReject: false, message: '' });
    await hear({ ...ended, ...end });
    expect(states()).toEqual([[state, outcome]]);
    expect(outbox.ends).toEqual([{ outcome, reason: end.reason, at: ended.at }]);
  });

  it('is rejected when the instance says so, and the caller gets the message once', async () => {
    const { whatsapp, hear, states, outbox } = setUp({ autoReject: true, message: 'no calls please' });
    await hear(offer);
    expect(whatsapp.rejected).toEqual(['A']);
    expect(outbox.ends).toEqual([undefined, { outcome: 'rejected', reason: null, at: clock.now() }]);
    expect(whatsapp.texts).toEqual([{ to: caller.replyTo, text: 'no calls please' }]);
    expect(states()).toEqual([
      ['offer', undefined],
      ['rejected', 'rejected'],
    ]);
  });

  it('is rejected without a word when there is no message, and in a group', async () => {
    const silent = setUp({ autoReject: true, message: '' });
    await silent.hear(offer);
    expect(silent.whatsapp.rejected).toEqual(['A']);
    expect(silent.whatsapp.texts).toEqual([]);
    const group = setUp({ autoReject: true, message: 'no calls please' });
    await group.hear({ ...offer, isGroup: true });
    expect(group.whatsapp.rejected).toEqual(['A']);
    expect(group.whatsapp.texts).toEqual([]);
  });

  it('that cannot be rejected goes on, and nobody hears that it was', async () => {
    const { whatsapp, log, hear, states } = setUp({ autoReject: true, message: 'no calls please' });
    whatsapp.state = 'connecting';
    await hear(offer, ended);
    expect(states()).toEqual([
      ['offer', undefined],
      ['terminated', 'missed'],
    ]);
    expect(whatsapp.texts).toEqual([]);
    expect(log.sentences('warn')).toEqual(['An incoming call could not be rejected as configured']);
    expect(JSON.stringify(log.lines)).not.toContain(caller.number);
  });

  describe('of somebody whose number WhatsApp hides', () => {
    const hidden = { ...offer, number: null, replyTo: caller.from };
    const addresses = (outbox: MemoryIncomingCalls) =>
      outbox.stored.map(({ data }) => [data['number'], data['jid']]);

    it.each<[string, (whatsapp: FakeWhatsApp, outbox: MemoryIncomingCalls) => void, string | null]>([
      ['the number that the session knows', (session) => session.numbers.set('777@lid', '5511'), '5511'],
      ['the number that own calls found', (_, calls) => calls.called.set('777@lid', '5522'), '5522'],
      ['no number when nobody knows it', () => undefined, null],
    ])('is reported with %s, and with the LID as jid', async (_, learn, number) => {
      const { whatsapp, outbox, hear } = setUp({ autoReject: true, message: '' });
      learn(whatsapp, outbox);
      await hear(hidden, { ...ended, number: null, replyTo: caller.from });
      expect(addresses(outbox)).toEqual(new Array(3).fill([number, '777@lid']));
    });

    it('is reported all the same when nothing can be looked up', async () => {
      const { whatsapp, outbox, hear } = setUp({ autoReject: false, message: '' });
      whatsapp.state = 'connecting';
      outbox.numberOf = () => Promise.reject(new Error('the database is away'));
      await hear(hidden);
      expect(addresses(outbox)).toEqual([[null, '777@lid']]);
    });
  });

  it('takes as long as it took, whatever the clock is set to meanwhile', async () => {
    const clock = new ManualClock();
    const { hear, outbox } = setUp({ autoReject: false, message: '' }, clock);
    await hear({ ...offer, at: clock.now() });
    await clock.advance(4_000);
    clock.jump(3_600_000);
    await clock.advance(1_000);
    await hear({ ...ended, at: clock.now() });
    expect(Number(outbox.ends[1]?.at) - Number(outbox.stored[0]?.at)).toBe(5_000);
  });

  it('of an instance that is gone is left alone', async () => {
    const { whatsapp, hear } = setUp(undefined);
    await hear(offer);
    expect(whatsapp.rejected).toEqual([]);
  });
});
