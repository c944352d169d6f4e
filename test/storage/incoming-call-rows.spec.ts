import type { DataSource } from 'typeorm';
import { SystemClock } from '../../src/common/time/system-clock.js';
import { CallRetention } from '../../src/calls/store/call-retention.js';
import { parseAppConfig } from '../../src/config/app-config.js';
import { SilentLog } from '../support/silent-log.js';
import { CallsStage, later, start } from './calls-stage.js';
import { keepEvents } from './events-stage.js';
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
  await keepEvents(dataSource, instanceId);
});

afterAll(() => dataSource.destroy());

const missed = { outcome: 'missed', reason: 'timeout', at: later(30) } as const;
const answered = { outcome: 'answered', reason: 'accepted_elsewhere', at: later(9) } as const;

async function count(sql: string): Promise<number> {
  const [row] = await dataSource.query<{ count: string }[]>(`SELECT count(*) FROM ${sql}`, [instanceId]);
  return Number(row?.count);
}
const rows = () => count('incoming_calls WHERE instance_id = $1');
const events = () => count('webhook_deliveries WHERE instance_id = $1');

/** One round of the retention, on the database as it is. */
async function clean(days: number): Promise<void> {
  const config = parseAppConfig({ CALL_RETENTION_DAYS: String(days) });
  const retention = new CallRetention(
    stage.calls,
    stage.incoming,
    config,
    new SystemClock(),
    new SilentLog(),
  );
  await retention.onApplicationBootstrap();
  await retention.beforeApplicationShutdown();
}

describe('an incoming call', () => {
  it('is one row from its offer to its end, with an event for each', async () => {
    await stage.called({ callId: 'A', offeredAt: later(-2), isVideo: true });
    const ringing = await stage.incoming.findByCallId(instanceId, 'A');
    expect(ringing).toEqual({
      id: expect.stringMatching(/^\d+$/) as unknown,
      instanceId,
      callId: 'A',
      number: '5511988887777',
      jid: '777@lid',
      isVideo: true,
      isGroup: false,
      state: 'ringing',
      outcome: null,
      reason: null,
      requestedAt: later(-2),
      ringingAt: start,
      endedAt: null,
    });
    await stage.called({ callId: 'A' }, missed);
    expect(await stage.incoming.findByCallId(instanceId, 'A')).toEqual({
      ...ringing,
      state: 'ended',
      outcome: 'missed',
      reason: 'timeout',
      endedAt: later(30),
    });
    expect([await rows(), await events()]).toEqual([1, 2]);
  });

  it('is stored once and ends once, however often and wherever it is heard of', async () => {
    await Promise.all(Array.from({ length: 8 }, () => stage.called({ callId: 'A' })));
    await stage.called({ callId: 'A' }, answered);
    await stage.called({ callId: 'A' }, missed);
    await stage.called({ callId: 'A' });
    expect(await rows()).toBe(1);
    expect(await stage.incoming.findByCallId(instanceId, 'A')).toMatchObject({
      outcome: 'answered',
      endedAt: later(9),
    });
  });

  it('is stored when only its end is heard of, and did not ring here then', async () => {
    const { lists } = stage;
    await stage.incoming.record(
      { instanceId, type: 'call.update', lane: 'call:B', at: start, data: {} },
      {
        type: 'incoming_call_ended',
        ...{ instanceId, callId: 'B', at: start, from: '777@lid', number: null, replyTo: '777@lid' },
        ...{ isVideo: false, isGroup: true, offeredAt: later(-600) },
        ...{ reason: null, answeredElsewhere: false, rang: false },
      },
      { outcome: 'missed', reason: null, at: start },
    );
    expect(await lists.list(instanceId, { direction: 'incoming', limit: 9 })).toMatchObject([
      {
        call: {
          callId: 'B',
          number: null,
          jid: '777@lid',
          isGroup: true,
          ringingAt: null,
          requestedAt: later(-600),
        },
      },
    ]);
  });

  it('has an id of its own at each instance, because others make it', async () => {
    const placed = await stage.placed();
    const callId = placed.callId ?? '';
    const callee = await CallsStage.on(dataSource);
    await callee.called({ callId });
    await stage.called({ callId: 'C' });
    await callee.called({ callId: 'C' });
    expect(await callee.incoming.findByCallId(callee.instanceId, callId)).toBeDefined();
    expect(await stage.incoming.findByCallId(instanceId, callId)).toBeUndefined();
    expect(await rows()).toBe(1);
  });

  it('fills no table: one caller has room for 100 a day, an instance for 1,000, and the events go on', async () => {
    for (let n = 0; n < 103; n++) await stage.called({ callId: `one-${n}` });
    expect([await rows(), await events()]).toEqual([100, 103]);
    await dataSource.query(
      `INSERT INTO incoming_calls (instance_id, call_id, caller, jid, is_video, is_group, state, requested_at)
       SELECT $1, 'n' || n, n, '7@lid', false, false, 'ringing', $2 FROM generate_series(1, 899) AS n`,
      [instanceId, start],
    );
    const other = { from: '888@lid', number: null };
    await stage.called({ callId: 'last', ...other });
    await stage.called({ callId: 'beyond', ...other });
    expect([await rows(), await events()]).toEqual([1000, 105]);
    // What has a row ends all the same, and the next day has room again.
    await stage.called({ callId: 'last', ...other }, missed);
    expect(await stage.incoming.findByCallId(instanceId, 'last')).toMatchObject({ outcome: 'missed' });
    await stage.called({ callId: 'next day', at: later(86_401) });
    await stage.called({ callId: 'next-day', at: later(86_401) });
    expect(await rows()).toBe(1001);
  });

  it('that nobody hears the end of is ended as such, and corrected when the end comes later', async () => {
    await stage.called({ callId: 'A' });
    await stage.called({ callId: 'B' });
    await dataSource.query(
      `UPDATE incoming_calls SET stored_at = now() - interval '3 minutes' WHERE instance_id = $1 AND call_id = 'A'`,
      [instanceId],
    );
    await clean(0);
    expect(await stage.incoming.findByCallId(instanceId, 'A')).toMatchObject({
      state: 'ended',
      outcome: 'missed',
      reason: 'WhatsApp did not report how this call ended',
      endedAt: null,
    });
    expect(await stage.incoming.findByCallId(instanceId, 'B')).toMatchObject({ state: 'ringing' });
    await stage.called({ callId: 'A' }, answered);
    expect(await stage.incoming.findByCallId(instanceId, 'A')).toMatchObject({
      outcome: 'answered',
      endedAt: later(9),
    });
  });
});

describe('calls that ended long ago', () => {
  async function age(days: number): Promise<void> {
    const by = `make_interval(days => ${days})`;
    await dataSource.query(`UPDATE calls SET ended_at = now() - ${by} WHERE state = 'ended'`);
    await dataSource.query(`UPDATE calls SET requested_at = now() - ${by}`);
    await dataSource.query(`UPDATE incoming_calls SET stored_at = now() - ${by}`);
  }

  const placedRows = () => count('calls WHERE instance_id = $1');

  it('are deleted in both directions; those that go on, and the answers to requests, stay', async () => {
    await dataSource.query('DELETE FROM calls');
    await dataSource.query('DELETE FROM incoming_calls');
    const call = await stage.placed();
    await stage.calls.change(call, { state: 'ended', outcome: 'busy', endedAt: later(1) });
    const live = await stage.placed();
    await dataSource.query(
      `INSERT INTO idempotency_keys (instance_id, key, fingerprint, call_row_id, answer) VALUES ($1, 'k', '', $2, '{}')`,
      [instanceId, call.id],
    );
    await stage.called({ callId: 'A' }, missed);
    await age(29);
    await clean(30);
    expect([await placedRows(), await rows()]).toEqual([2, 1]);
    await age(31);
    await clean(0);
    expect([await placedRows(), await rows()]).toEqual([2, 1]);
    await clean(30);
    expect([await placedRows(), await rows()]).toEqual([1, 0]);
    expect(await stage.calls.findByRowId(instanceId, live.id)).toBeDefined();
    expect(await count(`idempotency_keys WHERE instance_id = $1 AND answer = '{}'`)).toBe(1);
  });

  it('are deleted in small steps, until none is left', async () => {
    await dataSource.query(
      `INSERT INTO calls (instance_id, number, duration, state, outcome, requested_at, ended_at, hang_up_at)
       SELECT $1, '1', 8, 'ended', 'busy', now(), now() - interval '9 days', now() FROM generate_series(1, 1200)`,
      [instanceId],
    );
    expect(await stage.calls.deleteOld(7, 500)).toBe(500);
    await clean(7);
    expect(await placedRows()).toBeLessThanOrEqual(200);
    await clean(7);
    expect(await placedRows()).toBe(0);
  });
});
