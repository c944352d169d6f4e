import { randomUUID } from 'node:crypto';
import type { DataSource } from 'typeorm';
import type { DeliveryOutcome } from '../../src/deliveries/delivery-outcome.js';
import type { DueDelivery, SettledDelivery } from '../../src/deliveries/due-delivery.js';
import { LanesRepository } from '../../src/deliveries/lanes.repository.js';
import { newEventSource, until } from './events-stage.js';

export const LIMITS = {
  lanes: 10,
  free: 10,
  accountShare: 1,
  lanesPerWebhook: 10,
  lanesPerFailingWebhook: 1,
  busyAccounts: {},
  busyWebhooks: {},
};

/** A webhook whose deliveries are claimed and settled by the test itself. */
export interface TestWebhook {
  readonly id: string;
  readonly instanceId: string;
}

export async function newWebhook(dataSource: DataSource): Promise<TestWebhook> {
  const { instanceId } = await newEventSource(dataSource);
  const id = randomUUID();
  await dataSource.query(
    `INSERT INTO webhooks (id, instance_id, label, enabled, url) VALUES ($1, $2, 'default', true, 'https://hooks.example.com')`,
    [id, instanceId],
  );
  return { id, instanceId };
}

/** As events are queued. The body of a delivery is its number in the lane. */
export async function queue(
  dataSource: Pick<DataSource, 'query'>,
  { id, instanceId }: TestWebhook,
  bodies: readonly string[],
  lane = 'l',
): Promise<void> {
  await dataSource.query(
    `INSERT INTO webhook_deliveries (event_id, webhook_id, instance_id, lane, event, body)
     SELECT gen_random_uuid(), $1, $2, $3, 'call.update', body FROM unnest($4::text[]) WITH ORDINALITY AS given (body, place)
     ORDER BY place`,
    [id, instanceId, lane, bodies],
  );
  await dataSource.query(
    `INSERT INTO webhook_lanes (webhook_id, lane) VALUES ($1, $2)
     ON CONFLICT (webhook_id, lane) DO UPDATE SET lane = excluded.lane`,
    [id, lane],
  );
}

/** The lanes of one process. */
export function lanesOf(dataSource: Pick<DataSource, 'query'>): LanesRepository {
  return new LanesRepository(dataSource as DataSource, { webhookDisableAfterDays: 5 });
}

export const bodiesOf = (due: readonly (DueDelivery | undefined)[]) => due.map((one) => one?.body);

export async function claimOne(lanes: LanesRepository): Promise<DueDelivery> {
  const [first, ...others] = await lanes.claim(LIMITS);
  if (!first || others.length > 0) throw new Error('not exactly one lane was due');
  return first;
}

export const DELIVERED: DeliveryOutcome = { kind: 'delivered', status: 200 };

export function settled(delivery: DueDelivery, outcome = DELIVERED, goOn = true): SettledDelivery {
  return { delivery, outcome, goOn };
}

/** Runs some work in a transaction of its own that stays open until it is committed or rolled back. */
export async function openTransaction(dataSource: DataSource) {
  const runner = dataSource.createQueryRunner();
  await runner.startTransaction();
  return {
    query: <T>(sql: string, values?: unknown[]): Promise<T> => runner.query(sql, values) as Promise<T>,
    async commit(): Promise<void> {
      await runner.commitTransaction();
      await runner.release();
    },
    async rollback(): Promise<void> {
      await runner.rollbackTransaction();
      await runner.release();
    },
  };
}

/** Resolves when a statement in the database waits for the lock of another one. */
export function untilBlocked(dataSource: DataSource): Promise<void> {
  return until(async () => {
    const [row] = await dataSource.query<{ count: number }[]>(
      `SELECT count(*)::integer AS count FROM pg_locks JOIN pg_stat_activity USING (pid)
       WHERE NOT granted AND datname = current_database()`,
    );
    return (row?.count ?? 0) > 0;
  }, 'a statement waits for a lock');
}
