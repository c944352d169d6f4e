import type { EntityManager } from 'typeorm';

/** What the product tells its clients, by its name on the wire. */
export type EventType = 'call.update' | 'instance.state';

/** Something that happened to an instance, to be told to its webhooks and WebSockets. */
export interface OutboxEvent {
  readonly instanceId: string;
  readonly type: EventType;
  /** Events of one instance with the same lane arrive in their order; different lanes do not wait for each other. */
  readonly lane: string;
  readonly at: Date;
  readonly data: Readonly<Record<string, unknown>>;
}

/** A statement and the values of its parameters. */
export type Statement = readonly [sql: string, values: unknown[]];

const INSERT_EVENT = 'INSERT INTO event_outbox (instance_id, type, lane, happened_at, data)';

/** Stores an event in the transaction of the change that it reports: no crash separates the two. */
export async function appendEvent(manager: EntityManager, event: OutboxEvent): Promise<void> {
  await manager.query(`${INSERT_EVENT} VALUES ($1, $2, $3, $4, $5)`, columnsOf(event));
}

/**
 * The change and the event that reports it as one statement: both are stored or neither, and no event when the change
 * found no row. The order of events in a lane is the order of the changes, because a row that is changed stays locked
 * until the event is there too.
 * @param change an UPDATE or DELETE with RETURNING, which gives the rows of the statement
 */
export function changeWithEvent(
  change: string,
  values: readonly unknown[],
  event: OutboxEvent | undefined,
): Statement {
  if (!event) return [`WITH changed AS (${change}) SELECT * FROM changed`, [...values]];
  const types = ['uuid', 'text', 'text', 'timestamptz', 'json'];
  const parameters = types.map((type, index) => `$${values.length + index + 1}::${type}`);
  return [
    `WITH changed AS (${change}),
     told AS (${INSERT_EVENT} SELECT ${parameters.join(', ')} FROM changed)
     SELECT * FROM changed`,
    [...values, ...columnsOf(event)],
  ];
}

function columnsOf({ instanceId, type, lane, at, data }: OutboxEvent): unknown[] {
  return [instanceId, type, lane, at, JSON.stringify(data)];
}
