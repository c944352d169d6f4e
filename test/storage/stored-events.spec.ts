import { randomUUID } from 'node:crypto';
import type { DataSource } from 'typeorm';
import { CallJournal } from '../../src/calls/call-journal.js';
import type { CallNews } from '../../src/calls/call-progress.js';
import { EventBus } from '../../src/common/events/event-bus.js';
import { appendEvent } from '../../src/common/events/outbox.js';
import { EventEmitted } from '../../src/events/event-emitted.event.js';
import { OutboxRepository } from '../../src/events/outbox.repository.js';
import type { SessionSignal } from '../../src/whatsapp/whatsapp-signals.js';
import { ManualClock } from '../support/manual-clock.js';
import { SilentLog } from '../support/silent-log.js';
import { TestOwnership } from '../support/test-ownership.js';
import { CallsStage, later, start } from './calls-stage.js';
import { callUpdate, EventProcess, newEventSource, until } from './events-stage.js';
import { openTestDatabase, setUpInstances } from './instances-stage.js';

let dataSource: DataSource;

beforeAll(async () => {
  dataSource = await openTestDatabase();
});

afterAll(() => dataSource.destroy());

async function storedEvents(instanceId: string): Promise<Record<string, unknown>[]> {
  const rows = await dataSource.query<{ data: Record<string, unknown> }[]>(
    'SELECT data FROM event_outbox WHERE instance_id = $1 ORDER BY id',
    [instanceId],
  );
  return rows.map(({ data }) => data);
}

describe('an event', () => {
  it('is stored with the change that it reports, or not at all', async () => {
    const { instanceId } = await newEventSource(dataSource);
    const failing = dataSource.transaction(async (manager) => {
      await appendEvent(manager, callUpdate(instanceId, 'A', 1));
      throw new Error('the change failed');
    });
    await expect(failing).rejects.toThrow('the change failed');
    expect(await storedEvents(instanceId)).toEqual([]);
    await dataSource.transaction((manager) => appendEvent(manager, callUpdate(instanceId, 'A', 1)));
    expect(await storedEvents(instanceId)).toMatchObject([{ callId: 'A', step: 1 }]);
  });

  it('goes with its instance', async () => {
    const { instanceId } = await newEventSource(dataSource);
    await dataSource.transaction((manager) => appendEvent(manager, callUpdate(instanceId, 'A', 1)));
    await dataSource.query('DELETE FROM instances WHERE id = $1', [instanceId]);
    expect(await storedEvents(instanceId)).toEqual([]);
  });

  it('is told to live listeners once it is handed out, in order', async () => {
    const { instanceId } = await newEventSource(dataSource);
    const process = new EventProcess(dataSource);
    const told: EventEmitted[] = [];
    process.events.on(EventEmitted, (event) => void (event.instanceId === instanceId && told.push(event)));
    process.start();
    await process.emit(...[1, 2, 3].map((step) => callUpdate(instanceId, 'A', step)));
    await until(() => told.length === 3, 'all are told');
    await process.stop();
    expect(told.map(({ envelope }) => envelope.data['step'])).toEqual([1, 2, 3]);
    expect(told.every(({ envelope, text }) => text === JSON.stringify(envelope))).toBe(true);
    expect(await storedEvents(instanceId)).toEqual([]);
  });

  it('is left to the process that holds the instance, unless it leaves it behind', async () => {
    const { instanceId } = await newEventSource(dataSource);
    const outbox = new OutboxRepository(dataSource, new TestOwnership());
    const other = randomUUID();
    await dataSource.query('INSERT INTO nodes (id) VALUES ($1)', [other]);
    await dataSource.query(
      `INSERT INTO session_owners (instance_id, node_id, epoch) VALUES ($1, $2, 1)
       ON CONFLICT (instance_id) DO UPDATE SET node_id = excluded.node_id`,
      [instanceId, other],
    );
    const old = { ...callUpdate(instanceId, 'A', 1), at: new Date(Date.now() - 10_000) };
    const recent = { ...callUpdate(instanceId, 'A', 2), at: new Date(Date.now() + 60_000) };
    for (const event of [old, recent]) await dataSource.transaction((manager) => appendEvent(manager, event));
    await outbox.handOut(200, () => '{}');
    expect(await storedEvents(instanceId)).toMatchObject([{ step: 2 }]);
    await dataSource.query('DELETE FROM nodes WHERE id = $1', [other]);
    await outbox.handOut(200, () => '{}');
    expect(await storedEvents(instanceId)).toEqual([]);
  });
});

describe('the life of a call', () => {
  let stage: CallsStage;
  let journal: CallJournal;

  beforeEach(async () => {
    stage = await CallsStage.on(dataSource);
    const log = new SilentLog();
    journal = new CallJournal(stage.calls, new EventBus(log), new ManualClock(), log);
  });

  async function prepared() {
    const call = await stage.admitted();
    const ring = {
      callId: `00${call.instanceId}`,
      creator: '1:2@lid',
      devices: ['7@lid'],
      offerStanzaId: 'offer',
    };
    const stored = await journal.prepared(
      call,
      { number: '551199999999', jid: '7@lid', ring, hangUpAt: later(28) },
      start,
    );
    if (!stored) throw new Error('the call is no longer being prepared');
    return stored;
  }

  it('is told step by step', async () => {
    const call = await prepared();
    const news: CallNews[] = [
      { type: 'accepted', furtherDevices: [], callerTimeoutSeconds: null },
      { type: 'delivered' },
      { type: 'ringing' },
      { type: 'hung_up' },
    ];
    for (const [second, one] of news.entries()) {
      await journal.recordOnWire(call.instanceId, call.callId ?? '', one, later(second + 1));
    }
    const common = {
      direction: 'outgoing',
      callId: call.callId,
      number: '551199999999',
      jid: '7@lid',
      duration: 8,
    };
    expect(await storedEvents(call.instanceId)).toEqual([
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

  it.each<[CallNews, string, string]>([
    [{ type: 'answered' }, 'accepted', 'answered'],
    [{ type: 'refused_by_callee', refusal: 'rejected' }, 'rejected', 'rejected'],
    [{ type: 'refused_by_callee', refusal: 'busy' }, 'rejected', 'busy'],
    [{ type: 'cancelled', reason: null }, 'terminated', 'cancelled'],
    [{ type: 'refused', failureCode: 463, reason: 'no' }, 'terminated', 'refused'],
    [{ type: 'failed', reason: 'no' }, 'terminated', 'failed'],
  ])('ends with one event: %j is %s, %s', async (news, state, outcome) => {
    const call = await prepared();
    await journal.record(call, news, later(1));
    await journal.record(call, { type: 'hung_up' }, later(2));
    expect((await storedEvents(call.instanceId)).slice(1)).toMatchObject([{ state, outcome }]);
  });

  it('is told once when several report the same end at the same time', async () => {
    const call = await prepared();
    await Promise.all(Array.from({ length: 8 }, () => journal.record(call, { type: 'answered' }, later(1))));
    expect(await storedEvents(call.instanceId)).toMatchObject([{ state: 'offer' }, { state: 'accepted' }]);
  });

  it('is told to the end when the connection is lost before the offer leaves', async () => {
    const call = await prepared();
    await journal.failed(
      call,
      new (await import('../../src/whatsapp/whatsapp.errors.js')).SessionNotConnected(),
      start,
    );
    expect(await storedEvents(call.instanceId)).toMatchObject([
      { state: 'offer' },
      { state: 'terminated', outcome: 'failed', callId: call.callId },
    ]);
  });

  it('is not told of a call that never had an id', async () => {
    const call = await stage.admitted();
    await journal.record(call, { type: 'failed', reason: 'no' }, later(1));
    expect(await storedEvents(call.instanceId)).toEqual([]);
  });
});

describe('the state of an instance', () => {
  it('is told with every change', async () => {
    const { instanceId } = await newEventSource(dataSource);
    const { states } = setUpInstances(dataSource);
    const jid = '5511999999999:12@s.whatsapp.net';
    const until = later(60);
    type News = SessionSignal extends infer S
      ? S extends SessionSignal
        ? Omit<S, 'instanceId' | 'at'>
        : never
      : never;
    const news: News[] = [
      { type: 'connecting' },
      { type: 'qr_ready', qr: '2@abc' },
      { type: 'paired', jid },
      { type: 'connecting' },
      { type: 'connected', jid, name: 'Ana' },
      { type: 'connected', jid, name: 'Ana' },
      { type: 'restricted', until, contactsFrom: start },
      // The same end, for everybody: no news for clients.
      { type: 'restricted', until, contactsFrom: null },
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
    for (const one of news) await states.apply({ instanceId, at: start, ...one });
    const phone = '5511999999999@s.whatsapp.net';
    const timestamp = start.toISOString();
    expect(await storedEvents(instanceId)).toEqual([
      { state: 'connecting', timestamp },
      { state: 'qr_ready', timestamp, codes: ['2@abc'] },
      { state: 'pair_success', timestamp, jid: phone },
      { state: 'connected', timestamp, jid: phone },
      { state: 'restricted', timestamp, until: until.toISOString() },
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
