import type { DataSource } from 'typeorm';
import type { CallFilter } from '../../src/calls/lists/call-list-query.js';
import { positionOf, type ListedCall } from '../../src/calls/lists/call-lists.repository.js';
import { CallsStage, later } from './calls-stage.js';
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

const ended = (outcome: 'completed' | 'busy', at: Date) =>
  ({ state: 'ended', outcome, endedAt: at }) as const;
const missed = (seconds: number) => ({ outcome: 'missed', reason: 'timeout', at: later(seconds) }) as const;
const list = (filter: Partial<CallFilter>) =>
  stage.lists.list(instanceId, { direction: 'outgoing', limit: 9, ...filter });
const idsOf = async (filter: Partial<CallFilter>) => (await list(filter)).map(({ call }) => call.callId);

/** Everything that the filter lets through, page by page. */
async function paged(filter: Partial<CallFilter>): Promise<(string | null)[]> {
  const seen: (string | null)[] = [];
  let last: ListedCall | undefined;
  do {
    const page = await list({ ...filter, after: last && positionOf(last) });
    seen.push(...page.map(({ call }) => call.callId));
    last = page.at(-1);
  } while (last);
  return seen;
}

describe('the list of calls', () => {
  it('comes newest first, page by page, also of one moment, without preparations and without calls of others', async () => {
    const made: (string | null)[] = [];
    for (let index = 0; index < 7; index++) made.unshift((await stage.placed()).callId);
    await stage.unplaced();
    await stage.placed({ instanceId: await stage.newInstance() });
    expect(await paged({ limit: 3 })).toEqual(made);
  });

  it('goes by the time of the request, whatever was stored first', async () => {
    const late = await stage.placed({ requestedAt: later(60) });
    const early = await stage.placed({ requestedAt: later(10) });
    expect(await paged({ limit: 1 })).toEqual([late.callId, early.callId]);
  });

  it('shows only what was asked for', async () => {
    const one = await stage.placed({ requestedAt: later(10) });
    const two = await stage.placed({ number: '14155550100', requestedAt: later(20) });
    const three = await stage.placed({ requestedAt: later(30) });
    await stage.calls.change(two, ended('busy', later(21)));
    await stage.calls.change(three, ended('completed', later(31)));
    const numbers = ['1', '5511999999999'];
    expect(await idsOf({ state: 'ended' })).toEqual([three.callId, two.callId]);
    expect(await idsOf({ outcome: 'busy' })).toEqual([two.callId]);
    expect(await idsOf({ outcome: 'busy', state: 'offering' })).toEqual([]);
    expect(await idsOf({ outcome: 'missed' })).toEqual([]);
    expect(await idsOf({ numbers })).toEqual([three.callId, one.callId]);
    expect(await idsOf({ numbers, outcome: 'completed' })).toEqual([three.callId]);
    expect(await idsOf({ numbers, outcome: 'busy' })).toEqual([]);
    expect(await idsOf({ numbers, state: 'ended' })).toEqual([three.callId]);
    expect(await idsOf({ numbers, state: 'offering' })).toEqual([one.callId]);
    expect(await idsOf({ from: later(20), to: later(30) })).toEqual([two.callId]);
    expect(await idsOf({ from: later(10), state: 'offering' })).toEqual([one.callId]);
    expect(await paged({ numbers, limit: 1 })).toEqual([three.callId, one.callId]);
  });

  it('has calls that failed before they had an id', async () => {
    const { number, durationSeconds, requestedAt } = stage.newCall();
    const failure = {
      outcome: 'failed',
      failureCode: null,
      failureReason: 'why',
      endedAt: later(1),
    } as const;
    await stage.calls.addUnplaced({ instanceId, number, durationSeconds, requestedAt, ...failure }, null);
    expect(await list({})).toMatchObject([{ call: { callId: null, failureReason: 'why' } }]);
  });

  it('has calls in either direction, or both in one order, page by page', async () => {
    await stage.called({ callId: 'I1', at: later(5) }, missed(6));
    const first = await stage.placed({ requestedAt: later(10) });
    await stage.called({ callId: 'I2', at: later(20), offeredAt: later(10), from: '888@lid', number: null });
    await stage.called({ callId: 'I3', at: later(10) });
    const second = await stage.placed({ requestedAt: later(10) });
    const all = [second.callId, first.callId, 'I3', 'I2', 'I1'];
    expect(await idsOf({})).toEqual([second.callId, first.callId]);
    expect(await idsOf({ direction: 'incoming' })).toEqual(['I3', 'I2', 'I1']);
    for (const limit of [1, 2, 3, 9]) expect(await paged({ direction: 'all', limit })).toEqual(all);
    expect(await paged({ direction: 'incoming', limit: 2 })).toEqual(['I3', 'I2', 'I1']);
    expect(await idsOf({ direction: 'all', from: later(10) })).toEqual(all.slice(0, 4));
    expect(await idsOf({ direction: 'incoming', state: 'ringing' })).toEqual(['I3', 'I2']);
    expect(await idsOf({ direction: 'all', outcome: 'missed' })).toEqual(['I1']);
    expect(await idsOf({ direction: 'incoming', numbers: ['888'] })).toEqual(['I2']);
    expect(await idsOf({ direction: 'incoming', numbers: ['5511988887777'] })).toEqual(['I3', 'I1']);
    expect(await idsOf({ direction: 'incoming', state: 'offering' })).toEqual([]);
  });
});
