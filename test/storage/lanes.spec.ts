import type { DataSource } from 'typeorm';
import type { DeliveryOutcome } from '../../src/deliveries/delivery-outcome.js';
import type { DueDelivery } from '../../src/deliveries/due-delivery.js';
import type { Settlement } from '../../src/deliveries/lanes.repository.js';
import { eventWriter } from '../support/test-ownership.js';
import { callUpdate } from './events-stage.js';
import { openTestDatabase } from './instances-stage.js';
import {
  bodiesOf,
  claimOne,
  DELIVERED,
  lanesOf,
  LIMITS,
  newWebhook,
  openTransaction,
  queue,
  settled,
  untilBlocked,
  type TestWebhook,
} from './lanes-stage.js';

let dataSource: DataSource;
let webhook: TestWebhook;

beforeAll(async () => {
  dataSource = await openTestDatabase();
});

afterAll(() => dataSource.destroy());

beforeEach(async () => {
  webhook = await newWebhook(dataSource);
});

afterEach(() => dataSource.query('DELETE FROM webhooks'));

/** What is stored about the lanes of the webhook. */
const rows = () =>
  dataSource.query<{ lane: string; isClaimed: boolean; seconds: number }[]>(
    `SELECT lane, claimed_by IS NOT NULL AS "isClaimed", extract(epoch FROM due_at - now())::float8 AS seconds
     FROM webhook_lanes WHERE webhook_id = $1 ORDER BY lane`,
    [webhook.id],
  );

/** Counts statements; nothing but a single statement can be run. */
class Counted implements Pick<DataSource, 'query'> {
  readonly statements: string[] = [];
  /** Runs before a statement. */
  before: (statement: number) => Promise<void> = () => Promise.resolve();

  async query<T>(sql: string, values?: unknown[]): Promise<T> {
    await this.before(this.statements.push(sql));
    return dataSource.query<T>(sql, values);
  }
}

describe('a claim', () => {
  it('is one statement, and so are the outcomes of many lanes', async () => {
    for (const lane of ['a', 'b', 'c']) await queue(dataSource, webhook, ['1', '2'], lane);
    const counted = new Counted();
    const lanes = lanesOf(counted);
    const due = await lanes.claim(LIMITS);
    expect(bodiesOf(due)).toEqual(['1', '1', '1']);
    expect(counted.statements).toHaveLength(1);
    const outcomes: readonly DeliveryOutcome[] = [
      DELIVERED,
      { kind: 'retry', status: 500, error: 'HTTP 500', delayMs: 60_000 },
      { kind: 'dead', status: 400, error: 'HTTP 400' },
    ];
    const settlements = await lanes.settle(due.map((one, index) => settled(one, outcomes[index])));
    expect(settlements.map(({ fate }) => fate)).toEqual(['renewed', 'returned', 'renewed']);
    expect(bodiesOf(settlements.map(({ next }) => next))).toEqual(['2', undefined, '2']);
    expect(settlements.map(({ next }) => next?.lane)).toEqual([due[0]?.lane, undefined, due[2]?.lane]);
    expect(counted.statements).toHaveLength(2);
    expect(await lanes.claim(LIMITS)).toEqual([]);
    expect(counted.statements).toHaveLength(3);
  });

  it('ends a lane in which nothing waits', async () => {
    await queue(dataSource, webhook, [], 'empty');
    await queue(dataSource, webhook, ['1'], 'full');
    const counted = new Counted();
    expect(bodiesOf(await lanesOf(counted).claim(LIMITS))).toEqual(['1']);
    expect(await rows()).toMatchObject([{ lane: 'full', isClaimed: true }]);
    expect(counted.statements).toHaveLength(2);
  });

  it('does not end an empty lane to which a delivery is added meanwhile', async () => {
    await queue(dataSource, webhook, []);
    const counted = new Counted();
    const adding = await openTransaction(dataSource);
    counted.before = async (statement) => {
      if (statement === 2) await queue(adding, webhook, ['1']);
    };
    const lanes = lanesOf(counted);
    const claim = lanes.claim(LIMITS);
    await untilBlocked(dataSource);
    await adding.commit();
    expect(await claim).toEqual([]);
    expect(bodiesOf(await lanes.claim(LIMITS))).toEqual(['1']);
  });

  it('leaves a lane alone to which a delivery is being added, until it is', async () => {
    await queue(dataSource, webhook, ['1']);
    const lanes = lanesOf(dataSource);
    const adding = await openTransaction(dataSource);
    await queue(adding, webhook, ['2']);
    expect(await lanes.claim(LIMITS)).toEqual([]);
    await adding.commit();
    expect(bodiesOf(await lanes.claim(LIMITS))).toEqual(['1']);
  });
});

describe('a lane whose delivery is settled', () => {
  const PAUSE: DeliveryOutcome = { kind: 'dead', status: 503, error: 'HTTP 503', pauseMs: 60_000 };
  const RETRY: DeliveryOutcome = { kind: 'retry', status: 500, error: 'HTTP 500', delayMs: 60_000 };
  const GONE: DeliveryOutcome = { kind: 'dead', status: 410, error: 'HTTP 410', disabledReason: 'gone' };

  it.each<[string, DeliveryOutcome, boolean, string[], Settlement['fate'], number]>([
    ['is kept for the next one', DELIVERED, true, ['1', '2'], 'renewed', 15],
    [
      'is kept for the next one when the first is given up',
      { ...RETRY, kind: 'dead' },
      true,
      ['1', '2'],
      'renewed',
      15,
    ],
    ['is free when there is no place for the next one', DELIVERED, false, ['1', '2'], 'returned', 0],
    ['ends when nothing waits', DELIVERED, true, ['1'], 'ended', 0],
    ['ends when nothing waits and there is no place', DELIVERED, false, ['1'], 'ended', 0],
    ['waits for the next try', RETRY, true, ['1'], 'returned', 60],
    ['is free when nothing was tried', { kind: 'released' }, true, ['1'], 'returned', 0],
    ['is free when its receiver is to be left alone', PAUSE, true, ['1', '2'], 'returned', 0],
  ])('%s', async (_, outcome, goOn, bodies, fate, seconds) => {
    await queue(dataSource, webhook, bodies);
    const lanes = lanesOf(dataSource);
    const [settlement] = await lanes.settle([settled(await claimOne(lanes), outcome, goOn)]);
    expect(settlement).toMatchObject({
      isLocked: false,
      isReleased: false,
      switchOffReason: undefined,
      fate,
    });
    expect(settlement?.next?.body).toBe(fate === 'renewed' ? '2' : undefined);
    const [row] = await rows();
    if (fate === 'ended') expect(row).toBeUndefined();
    else {
      expect(row?.isClaimed).toBe(fate === 'renewed');
      expect(row?.seconds).toBeGreaterThan(seconds - 5);
      expect(row?.seconds).toBeLessThanOrEqual(seconds);
    }
  });

  it('sends nothing more to a receiver that is to be switched off', async () => {
    await queue(dataSource, webhook, ['1', '2']);
    const lanes = lanesOf(dataSource);
    const [settlement] = await lanes.settle([settled(await claimOne(lanes), GONE)]);
    expect(settlement).toMatchObject({ switchOffReason: 'gone' });
    const handedOut = [settlement?.next, ...(await lanes.claim(LIMITS))];
    expect(handedOut.filter((one) => one?.enabled)).toEqual([]);
  });

  it('is free, and the failure does not count, when the owner has changed the webhook meanwhile', async () => {
    await queue(dataSource, webhook, ['1', '2']);
    const lanes = lanesOf(dataSource);
    const first = await claimOne(lanes);
    await dataSource.query('UPDATE webhooks SET updated_at = now() WHERE id = $1', [webhook.id]);
    expect(await lanes.settle([settled(first, GONE)])).toMatchObject([
      { isReleased: true, switchOffReason: undefined, fate: 'returned', next: undefined },
    ]);
    const again = await claimOne(lanes);
    expect(again).toMatchObject({ deliveryId: first.deliveryId, attempts: 0, isFailing: false });
  });
});

describe('a delivery that is added while the last one of its lane is settled', () => {
  const writer = eventWriter();
  const store = (manager: Pick<DataSource, 'query'>, step: number) =>
    writer.store(manager as DataSource['manager'], callUpdate(webhook.instanceId, 'A', step));
  const stepIn = ({ body }: { readonly body: string }) =>
    (JSON.parse(body) as { data: { step: number } }).data.step;

  it('is delivered when its transaction had the lane first', async () => {
    await store(dataSource.manager, 1);
    const lanes = lanesOf(dataSource);
    const first = await claimOne(lanes);
    const adding = await openTransaction(dataSource);
    await store(adding, 2);
    const settling = lanes.settle([settled(first)]);
    await untilBlocked(dataSource);
    await adding.commit();
    expect(await settling).toMatchObject([{ fate: 'returned', next: undefined }]);
    expect(await rows()).toMatchObject([{ lane: 'call:A', isClaimed: false }]);
    const second = await claimOne(lanes);
    expect(stepIn(second)).toBe(2);
    expect(await lanes.settle([settled(second)])).toMatchObject([{ fate: 'ended' }]);
    expect(await rows()).toEqual([]);
  });

  it('does not keep the lane when its transaction fails', async () => {
    await store(dataSource.manager, 1);
    const lanes = lanesOf(dataSource);
    const first = await claimOne(lanes);
    const adding = await openTransaction(dataSource);
    await store(adding, 2);
    const settling = lanes.settle([settled(first)]);
    await untilBlocked(dataSource);
    await adding.rollback();
    expect(await settling).toMatchObject([{ fate: 'ended', next: undefined }]);
    expect(await rows()).toEqual([]);
  });

  it('is delivered when the outcome had the lane first', async () => {
    await store(dataSource.manager, 1);
    const settling = await openTransaction(dataSource);
    const lanes = lanesOf(settling);
    // As the process that settles sees it: claimed and not yet settled.
    const first = await claimOne(lanes);
    await settling.query('COMMIT');
    await settling.query('BEGIN');
    expect(await lanes.settle([settled(first)])).toMatchObject([{ fate: 'ended' }]);
    const adding = store(dataSource.manager, 2);
    await untilBlocked(dataSource);
    await settling.commit();
    await adding;
    expect(stepIn(await claimOne(lanesOf(dataSource)))).toBe(2);
  });

  it('is delivered once, in its order, however many are added and settled at the same time', async () => {
    const lanes = [lanesOf(dataSource), lanesOf(dataSource)] as const;
    const steps = Array.from({ length: 200 }, (_, index) => index + 1);
    const taken: number[] = [];
    let isAdding = true;
    const deliver = async (own: (typeof lanes)[number]) => {
      while (isAdding || taken.length < steps.length) {
        for (const due of await own.claim(LIMITS)) {
          let current: DueDelivery | undefined = due;
          while (current) {
            taken.push(stepIn(current));
            const goOn = taken.length % 3 > 0;
            const settlements: Settlement[] = await own.settle([settled(current, DELIVERED, goOn)]);
            current = settlements[0]?.next;
          }
        }
      }
    };
    const delivering = Promise.all(lanes.map(deliver));
    for (const step of steps) await store(dataSource.manager, step);
    isAdding = false;
    await delivering;
    expect(taken).toEqual(steps);
    expect(await rows()).toEqual([]);
  });
});
