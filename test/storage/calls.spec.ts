import type { DataSource } from 'typeorm';
import { CallChanged } from '../../src/calls/events.js';
import { CallJournal } from '../../src/calls/store/call-journal.js';
import { IncomingCallsRepository } from '../../src/calls/incoming/incoming-calls.repository.js';
import { EventBus } from '../../src/common/events/event-bus.js';
import { ManualClock } from '../support/manual-clock.js';
import { SilentLog } from '../support/silent-log.js';
import { fencedWrites } from '../support/test-ownership.js';
import { CallsStage, later, start } from './calls-stage.js';
import { openTestDatabase } from './instances-stage.js';

let dataSource: DataSource;
let stage: CallsStage;
let instanceId: string;

beforeAll(async () => {
  dataSource = await openTestDatabase();
});

beforeEach(async () => {
  stage = await CallsStage.on(dataSource);
  ({ instanceId } = stage);
});

afterAll(() => dataSource.destroy());

const ACCEPTED = { type: 'accepted', furtherDevices: ['7:5@lid'], callerTimeoutSeconds: 45 } as const;
const ended = (outcome: 'completed' | 'busy', at: Date) =>
  ({ state: 'ended', outcome, endedAt: at }) as const;

describe('a stored call', () => {
  it('comes back as it was written, its times to the millisecond', async () => {
    const { ring } = stage.newCall();
    const call = await stage.placed({ ring });
    expect(call).toEqual({
      id: expect.stringMatching(/^\d+$/) as unknown,
      instanceId,
      callId: ring.callId,
      number: '5511999999999',
      jid: '7@lid',
      durationSeconds: 8,
      state: 'offering',
      outcome: null,
      failureCode: null,
      failureReason: null,
      requestedAt: start,
      acceptedAt: null,
      deliveredAt: null,
      ringingAt: null,
      endedAt: null,
      hangUpAt: later(28),
      callerTimeoutSeconds: null,
      ring,
    });
  });

  it('is stored only under the limits under which it was let in', async () => {
    const call = stage.newCall();
    const event = { instanceId, type: 'call.update', lane: 'l', at: start, data: {} } as const;
    const place = (more: Parameters<CallsStage['limits']>[0]) =>
      stage.calls.place(call, stage.limits(more), event);
    for (const limits of [
      { maxConcurrentCalls: 99 },
      { minSecondsBetweenCalls: 1 },
      { numberCooldownSeconds: 1 },
      { restriction: { until: later(60), contactsFrom: null } },
    ]) {
      await expect(place(limits)).resolves.toBeUndefined();
    }
    await dataSource.query(
      `UPDATE instances SET max_concurrent_calls = 1, min_seconds_between_calls = 2, number_cooldown_seconds = 3,
         restricted = true, restricted_until = $2, contacts_spared_from = $3 WHERE id = $1`,
      [instanceId, later(60), later(30)],
    );
    const limits = { maxConcurrentCalls: 1, minSecondsBetweenCalls: 2, numberCooldownSeconds: 3 };
    const until = later(60);
    await expect(place({ ...limits, restriction: { until, contactsFrom: null } })).resolves.toBeUndefined();
    await expect(
      place({ ...limits, restriction: { until, contactsFrom: later(30) } }),
    ).resolves.toMatchObject({ state: 'offering', callId: call.ring.callId });
  });

  it('gets another offer in place of one that was refused, once', async () => {
    const call = await stage.placed();
    const ring = { callId: 'renewed', creator: '1@lid', devices: [], offerStanzaId: 'x' };
    const renew = () =>
      stage.calls.replaceOffer(call, { number: '1', jid: '1@lid', ring, hangUpAt: start }, []);
    await expect(renew()).resolves.toMatchObject({ id: call.id, callId: 'renewed', ring });
    await expect(renew()).resolves.toBeUndefined();
    await expect(stage.calls.findByCallId(instanceId, call.callId)).resolves.toBeUndefined();
  });

  it('is one without an id when it was given up before it was ready to leave', async () => {
    const failure = { outcome: 'unreachable', failureCode: null, failureReason: 'no device' } as const;
    const { number, durationSeconds, requestedAt } = stage.newCall();
    const given = { instanceId, number, durationSeconds, requestedAt, ...failure, endedAt: later(3) };
    await expect(stage.calls.addUnplaced(given, null)).resolves.toMatchObject({
      ...given,
      callId: null,
      state: 'ended',
      ring: null,
    });
  });

  it('moves only from the state that the writer saw', async () => {
    const call = await stage.placed();
    const accepted = await stage.calls.change(call, { state: 'calling', acceptedAt: later(1) });
    expect(accepted).toEqual({ ...call, state: 'calling', acceptedAt: later(1) });
    await expect(
      stage.calls.change(call, { state: 'calling', acceptedAt: later(2) }),
    ).resolves.toBeUndefined();
    await expect(stage.calls.findByRowId(instanceId, call.id)).resolves.toEqual(accepted);
  });

  it('ends once, however many end it at the same time', async () => {
    const log = new SilentLog();
    const events = new EventBus(log);
    const told: CallChanged[] = [];
    events.on(CallChanged, (event) => void told.push(event));
    const journal = new CallJournal(stage.calls, events, new ManualClock(), log);
    const call = await stage.placed();
    const results = await Promise.all(
      Array.from({ length: 20 }, (_, index) =>
        journal.record(call, index % 2 ? { type: 'answered' } : { type: 'hung_up' }, later(index)),
      ),
    );
    expect(results.filter((result) => result !== undefined)).toHaveLength(1);
    expect(told).toHaveLength(1);
  });

  it('loses nothing when its acceptance and its ringing are written at the same time', async () => {
    const log = new SilentLog();
    const journal = new CallJournal(stage.calls, new EventBus(log), new ManualClock(), log);
    for (let round = 0; round < 10; round++) {
      const call = await stage.placed();
      await Promise.all([
        journal.record(call, ACCEPTED, later(1)),
        journal
          .record(call, { type: 'delivered' }, later(2))
          .then(() => journal.record(call, { type: 'ringing' }, later(3))),
      ]);
      await expect(stage.calls.findByRowId(instanceId, call.id)).resolves.toMatchObject({
        state: 'ringing',
        acceptedAt: later(1),
        ringingAt: later(3),
        hangUpAt: later(11),
        callerTimeoutSeconds: 45,
        ring: { ...call.ring, devices: ['7@lid', '7:5@lid'], offered: ['7@lid'] },
      });
    }
  });

  it('is not found through another instance, nor by an id that no call can have', async () => {
    const call = await stage.placed();
    const other = await stage.newInstance();
    await expect(stage.calls.findByCallId(other, call.callId)).resolves.toBeUndefined();
    await expect(stage.calls.findByRowId(other, call.id)).resolves.toBeUndefined();
    await expect(stage.calls.findByCallId(instanceId, 'a\u0000b')).resolves.toBeUndefined();
  });

  it('can be forgotten only before anything happened to it', async () => {
    const call = await stage.placed();
    const other = await stage.placed();
    await expect(stage.calls.remove(other)).resolves.toMatchObject({ id: other.id });
    await stage.calls.change(call, ended('busy', later(1)));
    await expect(stage.calls.remove(call)).resolves.toBeUndefined();
  });

  it('can be brought forward while it lives, never put off', async () => {
    const call = await stage.placed();
    await expect(stage.calls.bringForward(call, later(5))).resolves.toMatchObject({ hangUpAt: later(5) });
    await expect(stage.calls.bringForward(call, later(9))).resolves.toMatchObject({ hangUpAt: later(5) });
    await stage.calls.change(call, ended('busy', later(6)));
    await expect(stage.calls.bringForward(call, later(1))).resolves.toBeUndefined();
  });
});

describe('the number behind a LID', () => {
  it('is the one of the newest call of the instance that was asked for by number', async () => {
    const incoming = new IncomingCallsRepository(dataSource, fencedWrites(dataSource));
    const lid = '7@lid';
    expect(await incoming.numberOf(stage.instanceId, lid)).toBeNull();
    await stage.placed({ number: '551187654321' });
    await stage.placed({ number: '5511987654321' });
    await stage.placed({ number: '7' });

    expect(await incoming.numberOf(stage.instanceId, lid)).toBe('5511987654321');
    expect(await incoming.numberOf(stage.instanceId, '8@lid')).toBeNull();
    expect(await incoming.numberOf(await stage.newInstance(), lid)).toBeNull();
  });
});

describe('calls that must be hung up', () => {
  it('are those whose time is over; an offer without a verdict gets the time for it', async () => {
    const waiting = await stage.placed({ hangUpAt: later(0) });
    const over = await stage.placed({ hangUpAt: later(0) });
    await stage.calls.change(over, { state: 'calling', acceptedAt: later(-5) });
    const ringing = await stage.placed({ hangUpAt: later(60) });
    await stage.calls.change(ringing, { state: 'ringing' });
    await stage.calls.change(await stage.placed({ hangUpAt: later(0) }), ended('completed', later(0)));
    await stage.unplaced();
    const idsAt = async (at: Date) => (await stage.calls.due(at, instanceId)).map(({ id }) => id).sort();
    expect(await idsAt(later(-1))).toEqual([]);
    expect(await idsAt(later(0))).toEqual([over.id]);
    expect(await idsAt(later(16))).toEqual([waiting.id, over.id].sort());
    const placedIds = (await stage.calls.live())
      .filter((call) => call.instanceId === instanceId)
      .map(({ id }) => id);
    expect(placedIds.sort()).toEqual([waiting.id, over.id, ringing.id].sort());
    expect((await stage.calls.due(later(0))).map(({ id }) => id)).toContain(over.id);
  });
});

describe('the entities of calls', () => {
  it('agree with the migrated schema', async () => {
    const { upQueries } = await dataSource.driver.createSchemaBuilder().log();
    const ours = upQueries
      .map(({ query }) => query)
      .filter((query) => /"(calls|idempotency_keys)".*COLUMN/.test(query));
    expect(ours).toEqual([]);
  });
});
