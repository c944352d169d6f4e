import type { DataSource } from 'typeorm';
import type { CallStep } from '../../src/calls/call-state.js';
import type { Call, PlacedCall } from '../../src/calls/store/call.entity.js';
import { CallJournal } from '../../src/calls/store/call-journal.js';
import { EventBus } from '../../src/common/events/event-bus.js';
import type { SessionSignal } from '../../src/whatsapp/whatsapp-signals.js';
import { CalleeUnreachable, OfferOutdated, SessionNotConnected } from '../../src/whatsapp/whatsapp.errors.js';
import { ManualClock } from '../support/manual-clock.js';
import { SilentLog } from '../support/silent-log.js';
import { CallsStage, later, start } from './calls-stage.js';
import { keepEvents, keptEvents, newEventSource } from './events-stage.js';
import { openTestDatabase, setUpInstances } from './instances-stage.js';

let dataSource: DataSource;

beforeAll(async () => {
  dataSource = await openTestDatabase();
});

afterAll(() => dataSource.destroy());

describe('the life of a call', () => {
  let stage: CallsStage;
  let journal: CallJournal;

  beforeEach(async () => {
    stage = await CallsStage.on(dataSource);
    await keepEvents(dataSource, stage.instanceId);
    const log = new SilentLog();
    journal = new CallJournal(stage.calls, new EventBus(log), new ManualClock(), log);
  });

  async function placed(): Promise<PlacedCall> {
    const call = await journal.placed(stage.newCall({ number: '551199999999' }), stage.limits(), start);
    if (!call) throw new Error('the call was not stored');
    return call;
  }

  it.each(['one after another', 'at once'])('is reported step by step, when they come %s', async (when) => {
    const call = await placed();
    const steps: CallStep[] = [
      { type: 'accepted', furtherDevices: [], callerTimeoutSeconds: null },
      { type: 'delivered' },
      { type: 'ringing' },
      { type: 'hung_up' },
    ];
    const written: Promise<unknown>[] = [];
    for (const [second, step] of steps.entries()) {
      const recorded = journal.recordOnWire(call.instanceId, call.callId, step, later(second + 1));
      if (when === 'at once') written.push(recorded);
      else await recorded;
    }
    const states = (await Promise.all(written)).map((one) => (one as Call | undefined)?.state);
    if (when === 'at once') expect(states).toEqual(['calling', 'delivered', 'ringing', 'ended']);
    const common = {
      direction: 'outgoing',
      callId: call.callId,
      number: '551199999999',
      jid: '7@lid',
      duration: 8,
    };
    expect(await keptEvents(dataSource, call.instanceId)).toEqual([
      { state: 'offer', ...common, timestamp: start.toISOString() },
      { state: 'delivered', ...common, timestamp: later(2).toISOString() },
      { state: 'ringing', ...common, timestamp: later(3).toISOString() },
      {
        state: 'terminated',
        ...common,
        timestamp: later(4).toISOString(),
        outcome: 'completed',
        failureCode: null,
        failureReason: null,
        ringSeconds: 1,
      },
    ]);
  });

  it.each<[CallStep, string, string]>([
    [{ type: 'answered' }, 'accepted', 'answered'],
    [{ type: 'refused_by_callee', refusal: 'rejected' }, 'rejected', 'rejected'],
    [{ type: 'refused_by_callee', refusal: 'busy' }, 'rejected', 'busy'],
    [{ type: 'cancelled', reason: null }, 'terminated', 'cancelled'],
    [{ type: 'refused', failureCode: 463, reason: 'no' }, 'terminated', 'refused'],
    [{ type: 'failed', reason: 'no' }, 'terminated', 'failed'],
  ])('ends with one event: %j is %s, %s', async (step, state, outcome) => {
    const call = await placed();
    await journal.record(call, step, later(1));
    await journal.record(call, { type: 'hung_up' }, later(2));
    expect((await keptEvents(dataSource, call.instanceId)).slice(1)).toMatchObject([{ state, outcome }]);
  });

  it('ends once when several report the same end at the same time', async () => {
    const call = await placed();
    await Promise.all(Array.from({ length: 8 }, () => journal.record(call, { type: 'answered' }, later(1))));
    expect(await keptEvents(dataSource, call.instanceId)).toMatchObject([
      { state: 'offer' },
      { state: 'accepted' },
    ]);
  });

  it('is reported to its end when the connection is lost before the offer leaves', async () => {
    const call = await placed();
    await journal.failed(call, new SessionNotConnected(), start);
    expect(await keptEvents(dataSource, call.instanceId)).toMatchObject([
      { state: 'offer' },
      { state: 'terminated', outcome: 'failed', callId: call.callId },
    ]);
  });

  it('has the end of the refused offer before the offer that replaces it', async () => {
    const call = await placed();
    const { number, jid, ring, hangUpAt } = stage.newCall({ number: '551188888888' });
    const renewed = await journal.renewed(
      call,
      new OfferOutdated(487, 'The server refused the offer'),
      { number, jid, ring, hangUpAt },
      later(1),
    );
    expect(renewed).toMatchObject({ id: call.id, callId: ring.callId });
    expect(await keptEvents(dataSource, call.instanceId)).toMatchObject([
      { state: 'offer', callId: call.callId, number: '551199999999' },
      { state: 'terminated', outcome: 'refused', callId: call.callId },
      { state: 'offer', callId: ring.callId, number: '551188888888' },
    ]);
  });

  it('has no events when the call never had an id', async () => {
    const left = await stage.calls.findByRowId(stage.instanceId, await stage.unplaced());
    if (!left) throw new Error('the call is not there');
    await journal.record(left, { type: 'failed', reason: 'no' }, later(1));
    await journal.unplaced(stage.newCall(), new CalleeUnreachable('no device'), later(1));
    const rows = 'SELECT FROM calls WHERE instance_id = $1 AND outcome IS NOT NULL';
    expect(await dataSource.query(rows, [stage.instanceId])).toHaveLength(2);
    expect(await keptEvents(dataSource, stage.instanceId)).toEqual([]);
  });

  it('has no events when the limits of the instance are other ones than those under which it was let in', async () => {
    const limits = stage.limits({ maxConcurrentCalls: 99 });
    expect(await journal.placed(stage.newCall(), limits, start)).toBeUndefined();
    expect(await keptEvents(dataSource, stage.instanceId)).toEqual([]);
  });
});

describe('the state of an instance', () => {
  it('is reported with every change', async () => {
    const { instanceId } = await newEventSource(dataSource);
    await keepEvents(dataSource, instanceId);
    const { states } = setUpInstances(dataSource);
    const jid = '5511999999999:12@s.whatsapp.net';
    const end = later(60);
    type Reported = SessionSignal extends infer S
      ? S extends SessionSignal
        ? Omit<S, 'instanceId' | 'at'>
        : never
      : never;
    const signals: Reported[] = [
      { type: 'connecting' },
      { type: 'qr_ready', qr: '2@abc' },
      { type: 'paired', jid },
      { type: 'connecting' },
      { type: 'connected', jid, name: 'Ana' },
      { type: 'connected', jid, name: 'Ana' },
      { type: 'restricted', until: end, contactsFrom: start },
      // The same end, for everybody: clients know of it.
      { type: 'restricted', until: end, contactsFrom: null },
      { type: 'unrestricted' },
      { type: 'unrestricted' },
      { type: 'disconnected', code: 408, reason: 'lost', retryAt: later(1) },
      { type: 'connecting' },
      { type: 'disconnected', code: 503, reason: 'down', retryAt: null },
      { type: 'connecting' },
      { type: 'connected', jid, name: null },
      { type: 'disconnected', code: 440, reason: 'conflict', retryAt: null },
      { type: 'logged_out', code: 401, reason: 'unlinked' },
    ];
    for (const signal of signals) await states.apply({ instanceId, at: start, ...signal });
    const phone = '5511999999999@s.whatsapp.net';
    const timestamp = start.toISOString();
    expect(await keptEvents(dataSource, instanceId)).toEqual([
      { state: 'connecting', timestamp },
      { state: 'qr_ready', timestamp, codes: ['2@abc'] },
      { state: 'pair_success', timestamp, jid: phone },
      { state: 'connected', timestamp, jid: phone },
      { state: 'restricted', timestamp, until: end.toISOString() },
      { state: 'unrestricted', timestamp },
      { state: 'disconnected', timestamp, reason: 'lost', code: 408 },
      { state: 'connecting', timestamp },
      { state: 'connect_failure', timestamp, reason: 'down', code: 503 },
      { state: 'connecting', timestamp },
      { state: 'connected', timestamp, jid: phone },
      { state: 'stream_replaced', timestamp, reason: 'conflict', code: 440 },
      { state: 'logged_out', timestamp, reason: 'unlinked', code: 401 },
    ]);
  });
});
