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
 * The event as a part of a statement that makes the change which it reports: one event for each row of `source`. The order
 * of events in a lane is the order of the changes, because a row that is changed stays locked until the event is there too.
 * @param source name of a table expression, empty when nothing changed
 * @param given how many parameters the statement has already
 */
export function eventInsert(
  event: OutboxEvent,
  source: string,
  given: number,
): { readonly sql: string; readonly values: unknown[] } {
  const types = ['uuid', 'text', 'text', 'timestamptz', 'json'];
  const parameters = types.map((type, index) => `$${given + index + 1}::${type}`);
  return { sql: `${INSERT_EVENT} SELECT ${parameters.join(', ')} FROM ${source}`, values: columnsOf(event) };
}

function columnsOf({ instanceId, type, lane, at, data }: OutboxEvent): unknown[] {
  return [instanceId, type, lane, at, JSON.stringify(data)];
}
