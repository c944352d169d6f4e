import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { MadeTexts, prepared } from '../common/database/prepared-statements.js';
import {
  EventWriter,
  insertOfEvents,
  NO_EVENTS,
  type EventInsert,
  type StoredEvents,
} from '../common/events/event-writer.js';
import type { EventContent, WebhookEvent } from '../common/events/webhook-event.js';
import { Ownership } from './ownership.js';
import { OwnershipLost } from './ownership.errors.js';

/** A change of what belongs to an instance. */
export interface FencedChange {
  /**
   * One statement, always the same for the same purpose, that returns a row for each row that it changed. It must read from `fence`, or have
   * `EXISTS (SELECT FROM fence)` among its conditions.
   */
  readonly change: string;
  readonly values: readonly unknown[];
  /** Further statements with the same values, `name AS (…)`; what is said of `change` holds for them. */
  readonly also?: readonly string[];
  /** Stored with the change, or not at all when nothing changed. */
  readonly events?: readonly WebhookEvent[];
}

/** The same change of many instances. */
interface ManyChange extends Pick<FencedChange, 'change' | 'values' | 'also'> {
  /** Stored for each row that `change` returns, by its column `instance_id`. */
  readonly events?: readonly EventContent[];
}

/** Tells a change that was refused from one that found nothing to do. */
interface FenceMarks {
  readonly isHeld: boolean;
  /** `null` in the one row that stands for no change. */
  readonly hasChanged: true | null;
  readonly storedEvents: StoredEvents;
}

/**
 * Writes what belongs to an instance, as long as this process holds it, in one statement: the row of the owner is locked FOR SHARE
 * until the change is stored, so that a takeover waits for it, and a change that has waited for a takeover finds another epoch.
 * (FOR KEY SHARE would let the takeover pass.) The events of a change are stored with it, and published once it is stored.
 */
@Injectable()
export class FencedWrites {
  private readonly texts = new MadeTexts();

  constructor(
    private readonly database: DataSource,
    private readonly ownership: Ownership,
    private readonly events: EventWriter,
  ) {}

  /** The epoch under which this process holds the instance now. @throws OwnershipLost */
  epochOf(instanceId: string): string {
    const epoch = this.ownership.epochOf(instanceId);
    if (epoch === undefined) throw new OwnershipLost();
    return epoch;
  }

  /**
   * Returns the rows that were changed.
   * @param epoch of the socket that writes; without it the one under which the instance is held now
   * @throws OwnershipLost nothing was written
   */
  async run<R extends object>(
    instanceId: string,
    { change, values, also = [], events = [] }: FencedChange,
    epoch = this.epochOf(instanceId),
  ): Promise<R[]> {
    if (epoch !== this.epochOf(instanceId)) throw new OwnershipLost();
    const statement = this.texts.of([events.length > 0 ? 'events' : 'none', change, ...also], () => {
      const [instance, node, held] = [1, 2, 3].map((place) => `$${values.length + place}`);
      const source = `(SELECT ${instance}::uuid AS instance_id FROM changed LIMIT 1)`;
      const insert = events.length > 0 ? insertOfEvents(source, values.length + 3) : NO_EVENTS;
      const fence = `SELECT 1 FROM session_owners
        WHERE instance_id = ${instance}::uuid AND node_id = ${node}::uuid AND epoch = ${held}::bigint FOR SHARE`;
      return `${tablesOf(fence, also, change, insert)}
        SELECT held.*, done.*
        FROM (SELECT EXISTS (SELECT FROM fence) AS "isHeld", ${insert.stored} AS "storedEvents") AS held
        LEFT JOIN (SELECT true AS "hasChanged", changed.* FROM changed) AS done ON true`;
    });
    const given = [...values, instanceId, this.ownership.nodeId, epoch, ...this.events.valuesOf(events)];
    const rows = await this.database.query<(R & FenceMarks)[]>(prepared(statement), given);
    if (!rows[0]?.isHeld) {
      this.ownership.refused(instanceId, epoch);
      throw new OwnershipLost();
    }
    this.events.publish(rows[0].storedEvents);
    return rows.filter(({ hasChanged }) => hasChanged).map(withoutMarks);
  }

  /** The same change for many instances: for those that are still held here. `fence` names them in `instance_id`. */
  async runForMany<R extends object>(
    instanceIds: readonly string[],
    { change, values, also = [], events = [] }: ManyChange,
  ): Promise<R[]> {
    const [node, ids] = [1, 2].map((place) => `$${values.length + place}`);
    const insert = events.length > 0 ? insertOfEvents('changed', values.length + 2) : NO_EVENTS;
    const fence = `SELECT instance_id FROM session_owners
      WHERE node_id = ${node}::uuid AND instance_id = ANY (${ids}::uuid[]) FOR SHARE`;
    const given = [...values, this.ownership.nodeId, instanceIds, ...this.events.valuesOf(events)];
    const rows = await this.database.query<(R & Pick<FenceMarks, 'storedEvents'>)[]>(
      `${tablesOf(fence, also, change, insert)}
       SELECT changed.*, ${insert.storedInFirst} AS "storedEvents" FROM changed`,
      given,
    );
    for (const { storedEvents } of rows) this.events.publish(storedEvents);
    return rows.map(withoutMarks);
  }
}

function tablesOf(
  fence: string,
  also: readonly string[],
  change: string,
  { tables }: Pick<EventInsert, 'tables'>,
): string {
  return `WITH ${[`fence AS (${fence})`, ...also, `changed AS (${change})`, ...tables].join(',\n')}`;
}

function withoutMarks<R extends object>({
  isHeld: _held,
  hasChanged: _changed,
  storedEvents: _stored,
  ...row
}: R & Partial<FenceMarks>): R {
  return row as unknown as R;
}
