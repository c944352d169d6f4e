import type { DataSource } from 'typeorm';
import type { CallFilter } from '../../src/calls/lists/call-list-query.js';
import { CallListsRepository } from '../../src/calls/lists/call-lists.repository.js';
import { CallsRepository } from '../../src/calls/store/calls.repository.js';
import { IncomingCallsRepository } from '../../src/calls/incoming/incoming-calls.repository.js';
import { FencedWrites } from '../../src/cluster/fenced-writes.js';
import { eventWriter, fencedWrites, TestOwnership } from '../support/test-ownership.js';
import { CallsStage, later, start } from './calls-stage.js';
import { openTestDatabase } from './instances-stage.js';
import { MeasuredDataSource } from './read-bound.js';

const FOREIGN = 200_000;
const OWN = 50_000;
const LIMIT = 50;
/** A page of the list may lie on as many pages of the table as it has rows, in each of two forms of a number; the rest is indexes. */
const PAGES = 3 * LIMIT;
/** What a call may read on its way: a handful of rows. */
const PAGES_OF_A_CALL = 60;

/** Every seventh own call went to RARE, every 1,000th failed; nobody was busy, and nobody called NEVER. */
const RARE = '14155550100';
const OFTEN = '5511999999999';
const NEVER = '4915112345678';

let dataSource: DataSource;
let stage: CallsStage;
let measured: MeasuredDataSource;
let lists: CallListsRepository;

async function addCalls(
  instanceId: string,
  count: number,
  secondsAgo: number,
  outcome: string,
): Promise<void> {
  await dataSource.query(
    `INSERT INTO calls (instance_id, call_id, number, duration, state, outcome, requested_at, ended_at, hang_up_at)
     SELECT $1::uuid, 'c' || left($1::text, 8) || '-' || n, CASE WHEN n % 7 = 0 THEN '${RARE}' ELSE '${OFTEN}' END, 8,
       'ended', CASE WHEN n % 1000 = 0 THEN 'failed' ELSE $5 END,
       at, at + interval '9 seconds', at + interval '8 seconds'
     FROM generate_series(1, $2::integer) AS n,
       LATERAL (SELECT $3::timestamptz - ($4::integer - n) * interval '1 second' AS at) AS times`,
    [instanceId, count, start, secondsAgo + count, outcome],
  );
  await dataSource.query(
    `INSERT INTO incoming_calls (instance_id, call_id, caller, number, jid, is_video, is_group, state, outcome, requested_at)
     SELECT instance_id, call_id, number, number, '7@lid', false, false, 'ended',
       CASE outcome WHEN 'failed' THEN 'rejected' ELSE 'missed' END, requested_at
     FROM calls WHERE instance_id = $1`,
    [instanceId],
  );
}

beforeAll(async () => {
  dataSource = await openTestDatabase();
  await dataSource.query('ALTER TABLE calls SET (autovacuum_enabled = false)');
  await dataSource.query('ALTER TABLE incoming_calls SET (autovacuum_enabled = false)');
  stage = await CallsStage.on(dataSource);
  measured = new MeasuredDataSource(dataSource);
  lists = new CallListsRepository(measured.asDataSource());
  await addCalls(stage.instanceId, OWN, FOREIGN, 'completed');
  // All of them are newer, and all of them are what the tests look for in vain.
  await addCalls(await stage.newInstance(), FOREIGN, 0, 'busy');
}, 180_000);

afterAll(() => dataSource.destroy());

const FILTERS: readonly Partial<CallFilter>[] = [
  {},
  { state: 'ended' },
  { state: 'ringing' },
  { state: 'offering', numbers: [OFTEN] },
  { outcome: 'completed' },
  { outcome: 'failed' },
  { outcome: 'busy' },
  { outcome: 'missed' },
  { outcome: 'rejected' },
  { outcome: 'answered' },
  { outcome: 'busy', state: 'ended' },
  { numbers: [OFTEN] },
  { numbers: [RARE, NEVER] },
  { numbers: [NEVER] },
  { numbers: [RARE], outcome: 'failed' },
  { numbers: [OFTEN, RARE], outcome: 'busy' },
  { numbers: [OFTEN], outcome: 'missed' },
  { numbers: [NEVER], state: 'ended' },
];

const oldest = later(-FOREIGN - OWN);
const middle = later(-FOREIGN - OWN / 2);
const newest = later(-FOREIGN);
const WINDOWS: readonly (readonly [string, Partial<CallFilter>])[] = [
  ['at any time', {}],
  ['since the middle', { from: middle }],
  ['before the middle', { to: middle }],
  ['in a minute of the past', { from: middle, to: new Date(middle.getTime() + 60_000) }],
  ['before all of them', { to: oldest }],
  ['after all of them', { from: newest }],
  ['on a page far behind', { after: { requestedAt: middle, direction: 'outgoing', rowId: '1' } }],
];

async function readsItsPage(filter: Partial<CallFilter>): Promise<void> {
  for (const direction of ['outgoing', 'incoming'] as const) {
    const asked = { direction, limit: LIMIT, ...filter };
    const found = await lists.list(stage.instanceId, asked);
    expect(found.every(({ call }) => call.instanceId === stage.instanceId)).toBe(true);
    const { pages, sql } = measured.take();
    if (pages > PAGES) throw new Error(`${pages} pages for ${JSON.stringify(asked)}: ${sql}`);
  }
}

describe('with 200,000 newer calls of another instance', () => {
  it.each(WINDOWS)('a list of calls %s needs no figures about them', async (_when, window) => {
    for (const filter of FILTERS.filter(({ outcome, numbers }) => !outcome && !numbers)) {
      await readsItsPage({ ...filter, ...window });
    }
  });
});

describe('with 200,000 newer calls of another instance, which the database has counted', () => {
  beforeAll(() => dataSource.query('ANALYZE calls, incoming_calls'), 60_000);

  it.each(WINDOWS)(
    'a list of calls %s reads no more than its page, whatever it is filtered by',
    async (_when, window) => {
      for (const filter of FILTERS) await readsItsPage({ ...filter, ...window });
    },
  );

  it('a call is let in, followed and hung up without reading more than a handful of rows', async () => {
    const ownership = new TestOwnership();
    const writes = new FencedWrites(measured.asDataSource(), ownership, eventWriter());
    const calls = new CallsRepository(measured.asDataSource(), writes, ownership);
    const now = later(10);
    const { instanceId } = stage;
    expect(await calls.trafficOf(instanceId, later(-FOREIGN + 60), now)).toEqual({
      liveCalls: [],
      lastCallAt: null,
    });
    expect(await calls.lastCallTo(instanceId, [RARE, NEVER], oldest, now)).toBeInstanceOf(Date);
    expect(await calls.lastCallTo(instanceId, [RARE, NEVER], later(-60), now)).toBeNull();
    const call = stage.newCall({ number: NEVER, requestedAt: now, hangUpAt: later(40) });
    const event = { instanceId, type: 'call.update', lane: 'l', at: now, data: {} } as const;
    const placed = await calls.place(call, stage.limits(), event);
    if (!placed) throw new Error('the call was not stored');
    expect(await calls.findByCallId(instanceId, call.ring.callId)).toEqual(placed);
    expect(await calls.due(later(100))).toHaveLength(1);
    expect(await calls.live([instanceId])).toHaveLength(1);
    expect(await calls.unplaced([instanceId])).toEqual([]);
    const incoming = new IncomingCallsRepository(measured.asDataSource(), writes);
    expect(await incoming.numberOf(instanceId, '7@lid')).toBe(NEVER);
    expect(await incoming.numberOf(instanceId, '8@lid')).toBeNull();
    await calls.change(placed, { state: 'ended', outcome: 'completed', endedAt: later(20) });
    const { pages, sql } = measured.take();
    if (pages > PAGES_OF_A_CALL) throw new Error(`${pages} pages: ${sql}`);
  });

  it('old calls are looked for without reading those that stay', async () => {
    const calls = new CallsRepository(measured.asDataSource(), fencedWrites(dataSource), new TestOwnership());
    expect(await calls.deleteOld(36_500, 500)).toBe(0);
    expect(measured.take().pages).toBeLessThanOrEqual(PAGES_OF_A_CALL);
  });
});
