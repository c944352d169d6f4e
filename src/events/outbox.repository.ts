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

interface WaitingEntry {
  /** 64-bit, as text. */
  readonly id: string;
  readonly instanceId: string;
  /** Its instance has no more in this round, although more may wait. */
  readonly isLast: boolean;
}

export interface HandedOut {
  /** In order. */
  readonly entries: readonly OutboxEntry[];
  /** More events may be waiting. */
  readonly isMore: boolean;
}

/**
 * The oldest events of each instance, accounts in turns: however many wait of one account, they are not read before those of the
 * others. Instances are found by skipping through the index from one to the next, and each has its share of the round.
 */
const WAITING = `
  WITH RECURSIVE waiting (instance_id) AS (
    (SELECT instance_id FROM event_outbox ORDER BY instance_id LIMIT 1)
    UNION ALL
    SELECT (SELECT next.instance_id FROM event_outbox next WHERE next.instance_id > waiting.instance_id
            ORDER BY next.instance_id LIMIT 1)
    FROM waiting WHERE waiting.instance_id IS NOT NULL
  ), sources AS (
    SELECT instances.id AS instance_id, instances.account_id,
      greatest(1, ceil($1::numeric / count(*) OVER ()))::integer AS share,
      EXISTS (SELECT FROM session_owners AS o JOIN nodes ON nodes.id = o.node_id
              WHERE o.instance_id = instances.id AND nodes.id <> $2) AS is_elsewhere
    FROM waiting JOIN instances ON instances.id = waiting.instance_id
  ), turns AS (
    SELECT oldest.id, sources.instance_id, oldest.turn >= sources.share AS is_last,
      row_number() OVER (PARTITION BY sources.account_id ORDER BY oldest.turn, oldest.id) AS turn
    FROM sources CROSS JOIN LATERAL (
      SELECT id, happened_at, row_number() OVER (ORDER BY id) AS turn FROM event_outbox
      WHERE event_outbox.instance_id = sources.instance_id ORDER BY id LIMIT sources.share
    ) oldest
    WHERE NOT sources.is_elsewhere
      OR oldest.happened_at < clock_timestamp() - interval '${LEFT_BEHIND_SECONDS} seconds'
  )
  SELECT id, instance_id AS "instanceId", is_last AS "isLast" FROM turns ORDER BY turn, id LIMIT $1`;

/** Turns stored events into deliveries. */
@Injectable()
export class OutboxRepository {
  constructor(
    private readonly dataSource: DataSource,
    private readonly ownership: Ownership,
  ) {}

  /**
   * Takes the oldest events of each account out and queues a delivery of each for every webhook that wants it, in one
   * transaction. Processes take turns, so that the events of a lane keep their order. Those of an instance are left to the process
   * that holds it, because the events of one call that two processes send to their listeners could overtake each other on the way.
   * @param bodyOf the exact text that receivers get
   */
  handOut(limit: number, bodyOf: (entry: OutboxEntry) => string): Promise<HandedOut> {
    return this.dataSource.transaction(async (manager) => {
      await manager.query(`SELECT pg_advisory_xact_lock($1)`, [HAND_OUT_LOCK]);
      const waiting = await manager.query<WaitingEntry[]>(WAITING, [limit, this.ownership.nodeId]);
      const entries = await this.take(manager, waiting);
      if (entries.length > 0) await this.queue(manager, entries, bodyOf);
      return { entries, isMore: waiting.length === limit || waiting.some(({ isLast }) => isLast) };
    });
  }

  /**
   * The instances are locked first. One that is being deleted, which may take long, takes its events with it: they are left alone, so
   * that the events of the others do not wait for that.
   */
  private async take(manager: EntityManager, waiting: readonly WaitingEntry[]): Promise<OutboxEntry[]> {
    if (waiting.length === 0) return [];
    const instances = await manager.query<{ id: string }[]>(
      `SELECT id FROM instances WHERE id = ANY ($1) ORDER BY id FOR KEY SHARE SKIP LOCKED`,
      [[...new Set(waiting.map(({ instanceId }) => instanceId))]],
    );
    const locked = new Set(instances.map(({ id }) => id));
    return manager.query<OutboxEntry[]>(
      `WITH taken AS (DELETE FROM event_outbox WHERE id = ANY ($1) RETURNING *)
       SELECT taken.id, event_id AS "eventId", instance_id AS "instanceId", instances.name AS "instanceName", type, lane,
         happened_at AS "happenedAt", data
       FROM taken JOIN instances ON instances.id = taken.instance_id ORDER BY taken.id`,
      [waiting.filter(({ instanceId }) => locked.has(instanceId)).map(({ id }) => id)],
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
