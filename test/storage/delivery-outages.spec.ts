import type { DataSource } from 'typeorm';
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
  type TestWebhook,
} from './lanes-stage.js';
import { openTestDatabase } from './instances-stage.js';

let dataSource: DataSource;
let webhook: TestWebhook;

beforeAll(async () => {
  dataSource = await openTestDatabase();
});

afterAll(() => dataSource.destroy());

beforeEach(async () => {
  webhook = await newWebhook(dataSource);
  await queue(dataSource, webhook, ['1', '2']);
});

afterEach(() => dataSource.query('DELETE FROM webhooks'));

const countedOf = async (id: string) => {
  const [counted] = await dataSource.query<unknown[]>(
    `SELECT delivered_count::integer AS delivered, (SELECT max(attempts) FROM webhook_deliveries WHERE webhook_id = $1) AS attempts
     FROM webhooks WHERE id = $1`,
    [id],
  );
  return counted;
};

it('an outcome that is stored a second time, since nobody knew of the first, counts once', async () => {
  const lanes = lanesOf(dataSource);
  const given = [settled(await claimOne(lanes))];
  for (let times = 1; times <= 2; times += 1) {
    expect(await lanes.settle(given)).toMatchObject([{ fate: 'renewed', next: { body: '2' } }]);
  }
  expect(await countedOf(webhook.id)).toEqual({ delivered: 1, attempts: 1 });
});

it('the last outcome of a lane that is stored a second time finds no lane, and counts once', async () => {
  const lanes = lanesOf(dataSource);
  const [second] = await lanes.settle([settled(await claimOne(lanes))]);
  if (!second?.next) throw new Error('the lane did not go on');
  const given = [settled(second.next)];
  expect(await lanes.settle(given)).toMatchObject([{ fate: 'ended', next: undefined }]);
  expect(await lanes.settle(given)).toMatchObject([{ isLocked: false, fate: null, next: undefined }]);
  expect(await countedOf(webhook.id)).toEqual({ delivered: 2, attempts: 1 });
});

it('outcomes of others are stored while the webhook of one is locked, and that one is stored later', async () => {
  const lanes = lanesOf(dataSource);
  const other = await newWebhook(dataSource);
  await queue(dataSource, other, ['1']);
  const due = await lanes.claim(LIMITS);
  const given = due.map((delivery) => settled(delivery, DELIVERED, false));
  const settle = async () => {
    const settlements = await lanes.settle(given);
    return new Map(due.map(({ webhookId }, index) => [webhookId, settlements[index]]));
  };
  const delivered = () =>
    dataSource.query<{ id: string }[]>(
      `SELECT webhook_id AS id FROM webhook_deliveries WHERE status = 'delivered' AND webhook_id = ANY ($1)`,
      [[webhook.id, other.id]],
    );
  const holder = await openTransaction(dataSource);
  await holder.query('SELECT FROM webhooks WHERE id = $1 FOR UPDATE', [other.id]);
  const meanwhile = await settle();
  expect(meanwhile.get(webhook.id)).toMatchObject({ isLocked: false, fate: 'returned' });
  expect(meanwhile.get(other.id)).toMatchObject({ isLocked: true, fate: null, next: undefined });
  expect(await delivered()).toEqual([{ id: webhook.id }]);
  await holder.commit();
  const later = await settle();
  expect(later.get(webhook.id)).toMatchObject({ isLocked: false, fate: null });
  expect(later.get(other.id)).toMatchObject({ isLocked: false, fate: 'ended' });
  expect(await delivered()).toHaveLength(2);
  await dataSource.query('DELETE FROM webhooks WHERE id = $1', [other.id]);
  const deleted = await settle();
  expect(deleted.get(other.id)).toMatchObject({ isLocked: false, fate: null, next: undefined });
});

it('outcomes are stored while an instance is being deleted, except its own', async () => {
  const lanes = lanesOf(dataSource);
  const other = await newWebhook(dataSource);
  await queue(dataSource, other, ['1']);
  const due = await lanes.claim(LIMITS);
  const deleting = await openTransaction(dataSource);
  await deleting.query('DELETE FROM instances WHERE id = $1', [other.instanceId]);
  const settlements = await lanes.settle(due.map((delivery) => settled(delivery)));
  const isLocked = Object.fromEntries(
    due.map(({ webhookId }, index) => [webhookId, settlements[index]?.isLocked]),
  );
  expect(isLocked).toEqual({ [webhook.id]: false, [other.id]: true });
  await deleting.commit();
});

it('lanes whose claim was stored when the connection broke are claimed again after 15 s, by anybody', async () => {
  let isBroken = true;
  const breaking = {
    async query<T>(...given: Parameters<DataSource['query']>): Promise<T> {
      const answer = await dataSource.query<T>(...given);
      if (isBroken) throw new Error('the connection broke');
      return answer;
    },
  };
  const lanes = lanesOf(breaking);
  await expect(lanes.claim(LIMITS)).rejects.toThrow('the connection broke');
  isBroken = false;
  const other = lanesOf(dataSource);
  for (const one of [lanes, other]) expect(await one.claim(LIMITS)).toEqual([]);
  const [claim] = await dataSource.query<{ seconds: number }[]>(
    'SELECT extract(epoch FROM due_at - now())::float8 AS seconds FROM webhook_lanes WHERE webhook_id = $1',
    [webhook.id],
  );
  expect(claim?.seconds).toBeGreaterThan(10);
  expect(claim?.seconds).toBeLessThanOrEqual(15);
  await dataSource.query('UPDATE webhook_lanes SET due_at = now() WHERE webhook_id = $1', [webhook.id]);
  expect(bodiesOf(await other.claim(LIMITS))).toEqual(['1']);
  expect(await lanes.claim(LIMITS)).toEqual([]);
});

it('a lane that another process has claimed since then is left to it', async () => {
  const [slow, other] = [lanesOf(dataSource), lanesOf(dataSource)];
  const first = await claimOne(slow);
  await dataSource.query('UPDATE webhook_lanes SET due_at = now() WHERE webhook_id = $1', [webhook.id]);
  const again = await claimOne(other);
  expect(again.deliveryId).toBe(first.deliveryId);
  expect(await slow.settle([settled(first)])).toMatchObject([
    { isLocked: false, fate: null, next: undefined },
  ]);
  await slow.release(first);
  expect(await slow.claim(LIMITS)).toEqual([]);
  expect(await countedOf(webhook.id)).toEqual({ delivered: 0, attempts: 0 });
  expect(await other.settle([settled(again)])).toMatchObject([{ fate: 'renewed', next: { body: '2' } }]);
});
