import { Inject, Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { prepared } from '../database/prepared-statements.js';
import { BaseAddress } from '../http/base-address.js';
import { EventBus } from './event-bus.js';
import { EventStored, type EventContent, type EventType, type WebhookEvent } from './webhook-event.js';

/** What webhooks and WebSockets receive; see `TEST_EVENT` for the one that is never stored. */
export interface EventEnvelope {
  /** The same over all retries and replays of the event. */
  readonly id: string;
  readonly event: string;
  /** When it happened: RFC 3339, UTC, milliseconds. */
  readonly timestamp: string;
  readonly data: Readonly<Record<string, unknown>>;
  readonly instanceData: {
    readonly baseUrl: string;
    /** Name of the instance. */
    readonly instance: string;
  };
}

/** Parts of a statement that store events. */
export interface EventInsert {
  /** `name AS (…)`, in their order. */
  readonly tables: readonly string[];
  /** An expression with what was stored, for `publish`. */
  readonly stored: string;
  /** The same in a statement that returns many rows: `null` in all but the first. */
  readonly storedInFirst: string;
}

/** Of a statement without events. */
export const NO_EVENTS: EventInsert = { tables: [], stored: 'NULL::json', storedInFirst: 'NULL::json' };

/** `null`: nothing was stored. */
export type StoredEvents =
  | readonly {
      readonly instanceId: string;
      readonly type: EventType;
      readonly text: string;
      readonly lane: string;
      readonly webhookIds: readonly string[];
    }[]
  | null;

/**
 * The same for any number of events, whose `EventWriter.valuesOf` follow the other parameters.
 * @param source a table with a row, `instance_id`, for each instance that the events happened to; empty when nothing changed
 * @param given how many parameters the statement has already
 */
export function insertOfEvents(source: string, given: number): EventInsert {
  const [type, lane, content] = [1, 2, 3].map((place) => `$${given + place}::text[]`);
  const stored = `(SELECT json_agg(json_build_object('instanceId', events.instance_id, 'type', events.type, 'text', events.body,
    'lane', events.lane, 'webhookIds', ARRAY(SELECT webhook_id FROM queued WHERE queued.event_id = events.id))
    ORDER BY events.place) FROM events)`;
  return {
    stored,
    storedInFirst: `CASE WHEN row_number() OVER () = 1 THEN ${stored} END`,
    tables: [
      `events AS MATERIALIZED (
        SELECT made.id, made.instance_id, made.account_id, made.type, made.lane, made.place,
          '{"id":"' || made.id || '",' || made.content || to_json(made.name)::text || '}}' AS body
        FROM (SELECT gen_random_uuid() AS id, instances.id AS instance_id, instances.account_id, instances.name, given.*
          FROM ${source} AS source JOIN instances ON instances.id = source.instance_id
          CROSS JOIN ROWS FROM (unnest(${type}), unnest(${lane}), unnest(${content})) WITH ORDINALITY
            AS given (type, lane, content, place)) AS made)`,
      `queued AS (
        INSERT INTO webhook_deliveries (event_id, webhook_id, instance_id, lane, event, body)
        SELECT events.id, webhooks.id, events.instance_id, events.lane, events.type, events.body
        FROM events JOIN webhooks ON webhooks.instance_id = events.instance_id AND webhooks.enabled
          AND webhooks.url IS NOT NULL AND (webhooks.events = '{}' OR events.type = ANY (webhooks.events))
        ORDER BY events.place
        RETURNING event_id, webhook_id)`,
      `lined AS (
        INSERT INTO webhook_lanes (webhook_id, lane, account_id)
        SELECT DISTINCT queued.webhook_id, events.lane, events.account_id
        FROM queued JOIN events ON events.id = queued.event_id ORDER BY queued.webhook_id, events.lane
        ON CONFLICT (webhook_id, lane) DO UPDATE SET lane = excluded.lane)`,
    ],
  };
}

const STORED = insertOfEvents('(SELECT $1::uuid AS instance_id)', 1);
const STORE = `WITH ${STORED.tables.join(', ')} SELECT ${STORED.stored} AS stored`;

/**
 * Stores events in the statement of the change that they report, as one delivery for each enabled webhook that wants them, and
 * publishes them afterwards. The order of events in a lane is the order of the changes, because a row that is changed stays locked
 * until the deliveries are there too. A lane has a row as long as something waits in it; an existing row is locked, so that it
 * does not end before the new delivery can be seen.
 */
@Injectable()
export class EventWriter {
  constructor(
    @Inject(BaseAddress) private readonly address: Pick<BaseAddress, 'current'>,
    private readonly events: EventBus,
  ) {}

  /** The parameters of `insertOfEvents`; none for `NO_EVENTS`. */
  valuesOf(events: readonly EventContent[]): unknown[] {
    if (events.length === 0) return [];
    return [
      events.map((event) => event.type),
      events.map((event) => event.lane),
      events.map((event) => this.contentOf(event)),
    ];
  }

  /** Stores an event in the transaction of the change that it reports; publish it after the commit. */
  async store(manager: EntityManager, event: WebhookEvent): Promise<StoredEvents> {
    const values = [event.instanceId, ...this.valuesOf([event])];
    const [row] = await manager.query<{ stored: StoredEvents }[]>(prepared(STORE), values);
    return row?.stored ?? null;
  }

  /** Call it after the write. Listeners hear of the events of one lane in the order of the calls. */
  publish(stored: StoredEvents): void {
    for (const { instanceId, type, text, lane, webhookIds } of stored ?? []) {
      const lanes = webhookIds.map((webhookId) => ({ webhookId, lane }));
      void this.events.publish(new EventStored(instanceId, type, text, lanes));
    }
  }

  /** The envelope between its id and the name of the instance. */
  private contentOf({ type, at, data }: EventContent): string {
    const envelope: EventEnvelope = {
      id: '',
      event: type,
      timestamp: at.toISOString(),
      data,
      instanceData: { baseUrl: this.address.current(), instance: '' },
    };
    return JSON.stringify(envelope).slice('{"id":"",'.length, -'""}}'.length);
  }
}
