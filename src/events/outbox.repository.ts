import { randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import { Ownership } from '../cluster/ownership.js';
import type { EventType } from '../common/events/outbox.js';

/** An event that waits to be handed out. */
export interface OutboxEntry {
  /** 64-bit, as text. */
  readonly id: string;
  readonly eventId: string;
  readonly instanceId: string;
  readonly instanceName: string;
  readonly type: EventType;
  readonly lane: string;
  readonly happenedAt: Date;
  readonly data: Readonly<Record<string, unknown>>;
}

/** Any number that is the same in all processes of the product, and in nothing else on the same database. */
const HAND_OUT_LOCK = 7_464_210_918;

/**
 * Events are handed out by the process that holds their instance. When that has not happened after this time, which is long
 * for one that is well, any other does it.
 */
const LEFT_BEHIND_SECONDS = 3;

/** Turns stored events into deliveries. */
@Injectable()
export class OutboxRepository {
  constructor(
    private readonly dataSource: DataSource,
    private readonly ownership: Ownership,
  ) {}

  /**
   * Takes the oldest events out and queues a delivery of each for every webhook that wants it, in one transaction.
   * Processes take turns, so that the events of a lane keep their order. Those of an instance are left to the process that
   * holds it, because what two processes tell their listeners about one call could overtake each other on the way.
   * @param bodyOf the exact text that receivers get
   * @returns what was handed out, in order
   */
  handOut(limit: number, bodyOf: (entry: OutboxEntry) => string): Promise<OutboxEntry[]> {
    return this.dataSource.transaction(async (manager) => {
      await manager.query(`SELECT pg_advisory_xact_lock($1)`, [HAND_OUT_LOCK]);
      const entries = await this.take(manager, limit);
      if (entries.length > 0) await this.queue(manager, entries, bodyOf);
      return entries;
    });
  }

  /** The instances are locked first: one that is being deleted takes its events with it, and neither waits for the other twice. */
  private async take(manager: EntityManager, limit: number): Promise<OutboxEntry[]> {
    const waiting = await manager.query<{ id: string; instanceId: string }[]>(
      `SELECT id, instance_id AS "instanceId" FROM event_outbox
       WHERE happened_at < clock_timestamp() - interval '${LEFT_BEHIND_SECONDS} seconds'
         OR NOT EXISTS (
           SELECT FROM session_owners AS o JOIN nodes ON nodes.id = o.node_id
           WHERE o.instance_id = event_outbox.instance_id AND nodes.id <> $2)
       ORDER BY id LIMIT $1`,
      [limit, this.ownership.nodeId],
    );
    if (waiting.length === 0) return [];
    await manager.query(`SELECT FROM instances WHERE id = ANY ($1) ORDER BY id FOR KEY SHARE`, [
      [...new Set(waiting.map(({ instanceId }) => instanceId))],
    ]);
    return manager.query<OutboxEntry[]>(
      `WITH taken AS (DELETE FROM event_outbox WHERE id = ANY ($1) RETURNING *)
       SELECT taken.id, event_id AS "eventId", instance_id AS "instanceId", instances.name AS "instanceName", type, lane,
         happened_at AS "happenedAt", data
       FROM taken JOIN instances ON instances.id = taken.instance_id ORDER BY taken.id`,
      [waiting.map(({ id }) => id)],
    );
  }

  private async queue(
    manager: EntityManager,
    entries: readonly OutboxEntry[],
    bodyOf: (entry: OutboxEntry) => string,
  ): Promise<void> {
    const rows = entries.map((entry) => ({ ...entry, id: randomUUID(), body: bodyOf(entry) }));
    // A row of a lane is locked even if it exists, so that it does not end before the new delivery is to be seen.
    await manager.query(
      `WITH queued AS (
         INSERT INTO webhook_deliveries (event_id, webhook_id, instance_id, lane, event, body)
         SELECT entries."eventId", webhooks.id, entries."instanceId", entries.lane, entries.type, entries.body
         FROM ROWS FROM (json_to_recordset($1::json)
           AS ("eventId" uuid, "instanceId" uuid, lane text, type text, body text)) WITH ORDINALITY
           AS entries ("eventId", "instanceId", lane, type, body, place)
         JOIN webhooks ON webhooks.instance_id = entries."instanceId" AND webhooks.enabled
           AND webhooks.url IS NOT NULL AND (webhooks.events = '{}' OR entries.type = ANY (webhooks.events))
         ORDER BY entries.place
         RETURNING webhook_id, lane
       )
       INSERT INTO webhook_lanes (webhook_id, lane)
       SELECT DISTINCT webhook_id, lane FROM queued ORDER BY webhook_id, lane
       ON CONFLICT (webhook_id, lane) DO UPDATE SET lane = excluded.lane`,
      [JSON.stringify(rows)],
    );
  }
}
