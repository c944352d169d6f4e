import type { DataSource } from 'typeorm';
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

describe('the stored traffic of an instance', () => {
  const NUMBERS = ['5511999999999', '551199999999'];

  it('is what goes on at the instance and nowhere else', async () => {
    await stage.placed({ instanceId: await stage.newInstance(), requestedAt: later(99) });
    const first = await stage.placed({ number: '551199999999', requestedAt: later(1) });
    await stage.calls.change(first, { state: 'ended', outcome: 'completed', endedAt: later(9) });
    const second = await stage.placed({ number: '14155550100', requestedAt: later(2) });
    const third = await stage.placed({ number: '14155550100', requestedAt: later(3) });
    const unplaced = await stage.unplaced();
    const { liveCalls, lastCallAt } = await stage.calls.trafficOf(instanceId, later(-9), later(10));
    expect([...liveCalls].sort()).toEqual([second.callId, third.callId, unplaced].sort());
    expect(lastCallAt).toEqual(later(3));
    expect(await stage.calls.trafficOf(instanceId, null, later(10))).toMatchObject({ lastCallAt: null });
    expect(await stage.calls.lastCallTo(instanceId, NUMBERS, later(-9), later(10))).toEqual(later(1));
    expect(await stage.calls.lastCallTo(instanceId, ['1'], later(-9), later(10))).toBeNull();
  });

  it('counts a pause by the millisecond', async () => {
    await stage.placed({ number: '551199999999', requestedAt: later(1) });
    await stage.placed({ number: '14155550100', requestedAt: later(2) });
    const before = (seconds: number) => new Date(later(seconds).getTime() - 1);
    const lastCall = async (from: Date) =>
      (await stage.calls.trafficOf(instanceId, from, later(10))).lastCallAt;
    const lastToNumber = (from: Date) => stage.calls.lastCallTo(instanceId, NUMBERS, from, later(10));
    expect(await lastCall(before(2))).toEqual(later(2));
    expect(await lastCall(later(2))).toBeNull();
    expect(await lastToNumber(before(1))).toEqual(later(1));
    expect(await lastToNumber(later(1))).toBeNull();
  });

  it('leaves out a call from before the clock was set back, but not the newest one before that', async () => {
    await stage.placed({ requestedAt: later(3_600) });
    const last = async () => [
      (await stage.calls.trafficOf(instanceId, later(0), later(30))).lastCallAt,
      await stage.calls.lastCallTo(instanceId, NUMBERS, later(0), later(30)),
    ];
    expect(await last()).toEqual([null, null]);
    await stage.placed({ requestedAt: later(30) });
    expect(await last()).toEqual([later(30), later(30)]);
  });
});

describe('a call of which nobody knows whether it was stored', () => {
  it('is found after the server has finished with it', async () => {
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
    const { ring } = stage.newCall();
    // Its reference to the instance has to wait.
    const placed = stage.placed({ ring });
    while (!(await waiting(1)));
    const removed = stage.calls
      .settled(instanceId)
      .then(() => stage.calls.remove({ instanceId, callId: ring.callId }));
    while (!(await waiting(2)));
    await holder.commitTransaction();
    await holder.release();
    expect(await removed).toMatchObject({ id: (await placed).id });
    expect(await stage.calls.trafficOf(instanceId, null, later(0))).toMatchObject({ liveCalls: [] });
  });
});
