import { randomUUID } from 'node:crypto';
import type { DataSource } from 'typeorm';
import type { AdmissionLimits, CallTraffic } from '../../src/calls/call-admission.js';
import type { CallRequest } from '../../src/calls/call-slots.repository.js';
import { TooManyCalls } from '../../src/calls/calls.errors.js';
import { LiveCallsRepository } from '../../src/calls/live-calls.repository.js';
import { TestOwnership } from '../support/test-ownership.js';
import { CallsStage, later, OPEN } from './calls-stage.js';
import { openTestDatabase } from './instances-stage.js';

let dataSource: DataSource;
let live: LiveCallsRepository;
let stage: CallsStage;
let instanceId: string;

beforeAll(async () => {
  dataSource = await openTestDatabase();
  live = new LiveCallsRepository(dataSource, new TestOwnership());
});

beforeEach(async () => {
  stage = await CallsStage.on(dataSource);
  ({ instanceId } = stage);
});

afterAll(() => dataSource.destroy());

describe('the slots of an instance', () => {
  const NUMBERS = ['5511999999999', '551199999999'];

  /** What the traffic looks like to a call that the limits keep out. */
  const trafficBeyond = async (limits: Partial<AdmissionLimits>, more: Partial<CallRequest> = {}) => {
    const seen: CallTraffic[] = [];
    const refused = stage.slots.admit(stage.request(more), { ...OPEN, ...limits }, (traffic) => {
      seen.push(traffic);
      return new TooManyCalls(1);
    });
    await expect(refused).rejects.toThrow(TooManyCalls);
    return seen;
  };

  it('let three of fifty calls in when three are free, however many come at once', async () => {
    const refuse = ({ liveCalls }: CallTraffic) => (liveCalls >= 3 ? new TooManyCalls(1) : undefined);
    const results = await Promise.allSettled(
      Array.from({ length: 50 }, () => stage.slots.admit(stage.request(), { ...OPEN, liveCalls: 3 }, refuse)),
    );
    const refusals = results.flatMap((result): unknown[] =>
      result.status === 'rejected' ? [result.reason] : [],
    );
    expect(refusals).toHaveLength(47);
    expect(refusals.every((refusal) => refusal instanceof TooManyCalls)).toBe(true);
    expect((await live.unplaced(later(1))).filter((call) => call.instanceId === instanceId)).toHaveLength(3);
  });

  it('tell what is going on at the instance and nowhere else', async () => {
    await stage.admitted({ instanceId: await stage.newInstance(), requestedAt: later(99) });
    const first = await stage.placed({ number: '551199999999', requestedAt: later(1), hangUpAt: later(9) });
    await stage.calls.change(first, { state: 'ended', outcome: 'completed', endedAt: later(9) });
    await stage.placed({ number: '14155550100', requestedAt: later(2), hangUpAt: later(20) });
    await stage.placed({ number: '14155550100', requestedAt: later(3), hangUpAt: later(15) });
    const traffic = { liveCalls: 2, lastCallAt: later(3) };
    const paused = { lastCallBy: later(-9), lastCallToNumberBy: later(-9) };
    expect(await trafficBeyond(paused, { sameNumbers: NUMBERS })).toEqual([
      { ...traffic, lastCallToNumberAt: later(1) },
    ]);
    expect(await trafficBeyond(paused)).toEqual([{ ...traffic, lastCallToNumberAt: null }]);
    expect(await trafficBeyond({ liveCalls: 0 })).toEqual([
      { ...traffic, lastCallAt: null, lastCallToNumberAt: null },
    ]);
  });

  it('are given by the millisecond', async () => {
    await stage.placed({ number: '551199999999', requestedAt: later(1) });
    await stage.placed({ number: '14155550100', requestedAt: later(2) });
    const before = (seconds: number) => new Date(later(seconds).getTime() - 1);
    const request = { requestedAt: later(10), sameNumbers: NUMBERS };
    expect(await trafficBeyond({ lastCallBy: before(2) }, request)).toHaveLength(1);
    expect(await trafficBeyond({ lastCallToNumberBy: before(1) }, request)).toHaveLength(1);
    const limits = { liveCalls: 3, lastCallBy: later(2), lastCallToNumberBy: later(1) };
    await stage.slots.admit(stage.request(request), limits, () => undefined);
  });

  it('are not closed by a call from before the clock was set back, but by the newest one before that', async () => {
    await stage.placed({ requestedAt: later(3_600) });
    const request = { requestedAt: later(30), sameNumbers: NUMBERS };
    const paused = { ...OPEN, lastCallBy: later(0), lastCallToNumberBy: later(0) };
    await stage.slots.admit(stage.request(request), paused, () => new TooManyCalls(1));
    expect(await trafficBeyond(paused, request)).toMatchObject([
      { lastCallAt: later(30), lastCallToNumberAt: later(30) },
    ]);
  });

  it('are free again when an admission is taken back, which a call that is about to leave is not', async () => {
    const [first, second] = [stage.request(), stage.request()];
    await stage.admitted(first);
    await stage.placed(second);
    await stage.calls.withdraw(instanceId, first.admission);
    await stage.calls.withdraw(instanceId, second.admission);
    await stage.calls.withdraw(instanceId, randomUUID());
    expect(await trafficBeyond({ liveCalls: 0 })).toMatchObject([{ liveCalls: 1 }]);
  });

  it('are free again when the server is still busy with the admission that is taken back', async () => {
    const holder = dataSource.createQueryRunner();
    await holder.startTransaction();
    await holder.query('SELECT FROM instances WHERE id = $1 FOR UPDATE', [instanceId]);
    const waiting = async (statements: number) => {
      const [count] = await dataSource.query<{ waiting: number }[]>(
        `SELECT count(*)::integer AS waiting FROM pg_stat_activity
         WHERE datname = current_database() AND wait_event_type = 'Lock'`,
      );
      return count?.waiting === statements;
    };
    const request = stage.request();
    const admitted = stage.admitted(request);
    while (!(await waiting(1)));
    const withdrawn = stage.calls.withdraw(instanceId, request.admission);
    while (!(await waiting(2)));
    await holder.commitTransaction();
    await holder.release();
    await Promise.all([admitted, withdrawn]);
    expect(await trafficBeyond({ liveCalls: 0 })).toMatchObject([{ liveCalls: 0 }]);
  });

  it('are no more when the instance is gone', async () => {
    await dataSource.query(`DELETE FROM instances WHERE id = $1`, [instanceId]);
    await expect(stage.admitted()).rejects.toThrow('instance not found');
  });
});
