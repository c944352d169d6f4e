import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { UUID, type Delivery, type DeliveryFilter } from './delivery-values.js';

/** A row and when it is tried next: only the first pending delivery of a lane that is not being tried has such a time. */
const DELIVERIES = `
  SELECT deliveries.id, deliveries.event_id AS "eventId", deliveries.event, deliveries.body, webhooks.label, deliveries.status, deliveries.attempts,
    deliveries.response_status AS "responseStatus", deliveries.error,
    CASE WHEN deliveries.status = 'pending' AND lanes.claimed_by IS NULL AND NOT EXISTS (
      SELECT FROM webhook_deliveries earlier
      WHERE earlier.webhook_id = deliveries.webhook_id AND earlier.lane = deliveries.lane
        AND earlier.status = 'pending' AND earlier.position < deliveries.position
    ) THEN greatest(lanes.due_at, webhooks.paused_until) END AS "nextAttemptAt",
    deliveries.created_at AS "createdAt",
    CASE WHEN deliveries.status = 'delivered' THEN deliveries.settled_at END AS "deliveredAt"
  FROM webhook_deliveries deliveries
  JOIN webhooks ON webhooks.id = deliveries.webhook_id
  LEFT JOIN webhook_lanes lanes ON lanes.webhook_id = deliveries.webhook_id AND lanes.lane = deliveries.lane`;

type DeliveryRow = Omit<Delivery, 'callId' | 'state'> & { readonly body: string };

/** The deliveries of an event, by the index on webhook and event: reading all of the instance would take long. */
const idsOf = (parameter: number) =>
  `ARRAY(SELECT id FROM webhook_deliveries
         WHERE webhook_id = ANY (ARRAY(SELECT id FROM webhooks WHERE instance_id = $1)) AND event_id = $${parameter})`;

/** What the event is about is read from what is sent, so that it is known of deliveries of any age. */
function toDelivery({ body, ...row }: DeliveryRow): Delivery {
  const textOf = (value: unknown) => (typeof value === 'string' ? value : null);
  const data = dataIn(body);
  return { ...row, callId: textOf(data?.callId), state: textOf(data?.state) };
}

function dataIn(body: string): Readonly<Record<string, unknown>> | undefined {
  try {
    return (JSON.parse(body) as { readonly data?: Readonly<Record<string, unknown>> } | null)?.data;
  } catch {
    // An old body must not hide all the others.
    return undefined;
  }
}

/** How many deliveries of a webhook were given up because they waited for too long. */
export interface DroppedDeliveries {
  readonly webhookId: string;
  readonly instanceId: string;
  readonly accountId: string;
  /** Name of the instance. */
  readonly instance: string;
  readonly label: string;
  readonly deliveries: number;
}

/** What is kept about deliveries. */
@Injectable()
export class DeliveriesRepository {
  constructor(private readonly dataSource: DataSource) {}

  /** Newest first. */
  async list(instanceId: string, { status, eventId, limit }: DeliveryFilter): Promise<Delivery[]> {
    const wanted = ['deliveries.instance_id = $1'];
    const values: unknown[] = [instanceId, limit];
    if (status) wanted.push(`deliveries.status = $${values.push(status)}`);
    if (eventId) wanted.push(`deliveries.id = ANY (${idsOf(values.push(eventId))})`);
    const rows = await this.dataSource.query<DeliveryRow[]>(
      `${DELIVERIES} WHERE ${wanted.join(' AND ')} ORDER BY deliveries.position DESC LIMIT $2`,
      values,
    );
    return rows.map(toDelivery);
  }

  /** Makes the delivery pending and due, with all tries before it. It keeps its place in front of what came after it. */
  replay(instanceId: string, id: string): Promise<Delivery | undefined> {
    if (!UUID.test(id)) return Promise.resolve(undefined);
    return this.dataSource.transaction(async (manager) => {
      // The lane first, as everywhere. While its first delivery is being tried, its time is the end of the claim.
      await manager.query(
        `INSERT INTO webhook_lanes (webhook_id, lane)
         SELECT webhook_id, lane FROM webhook_deliveries WHERE instance_id = $1 AND id = $2
         ON CONFLICT (webhook_id, lane) DO UPDATE
         SET due_at = CASE WHEN webhook_lanes.claimed_by IS NULL THEN now() ELSE webhook_lanes.due_at END`,
        [instanceId, id],
      );
      await manager.query(
        `UPDATE webhook_deliveries SET status = 'pending', attempts = 0, response_status = NULL, error = NULL,
           settled_at = NULL, queued_at = now()
         WHERE instance_id = $1 AND id = $2`,
        [instanceId, id],
      );
      const [row] = await manager.query<DeliveryRow[]>(
        `${DELIVERIES} WHERE deliveries.instance_id = $1 AND deliveries.id = $2`,
        [instanceId, id],
      );
      return row && toDelivery(row);
    });
  }

  /**
   * Gives up deliveries of one webhook that have been pending for so long. What is being tried, and a webhook that somebody else holds,
   * are left to a later time. `undefined`: there are none.
   */
  async dropPending(afterDays: number, limit: number): Promise<DroppedDeliveries | undefined> {
    const isOld = `status = 'pending' AND queued_at < now() - make_interval(days => $1)`;
    return this.dataSource.transaction(async (manager) => {
      const [webhook] = await manager.query<Omit<DroppedDeliveries, 'deliveries'>[]>(
        `SELECT webhooks.id AS "webhookId", instances.id AS "instanceId", instances.account_id AS "accountId",
           instances.name AS instance, webhooks.label
         FROM webhooks JOIN instances ON instances.id = webhooks.instance_id
         WHERE webhooks.id = (SELECT webhook_id FROM webhook_deliveries WHERE ${isOld} ORDER BY queued_at LIMIT 1)
         FOR NO KEY UPDATE OF webhooks SKIP LOCKED`,
        [afterDays],
      );
      if (!webhook) return undefined;
      const [, deliveries] = await manager.query<[unknown, number]>(
        `UPDATE webhook_deliveries SET status = 'dead', error = $4, settled_at = now() WHERE id IN (
           SELECT id FROM webhook_deliveries WHERE webhook_id = $2 AND ${isOld} AND NOT EXISTS (
             SELECT FROM webhook_lanes lanes
             WHERE lanes.webhook_id = $2 AND lanes.lane = webhook_deliveries.lane AND lanes.claimed_by IS NOT NULL)
           LIMIT $3 FOR UPDATE SKIP LOCKED)`,
        [afterDays, webhook.webhookId, limit, `expired: it was pending for ${afterDays} days`],
      );
      await manager.query(`UPDATE webhooks SET dead_count = dead_count + $2 WHERE id = $1`, [
        webhook.webhookId,
        deliveries,
      ]);
      return { ...webhook, deliveries };
    });
  }

  /**
   * Forgets what was delivered or given up long ago. Processes that do it at the same time share the work: what somebody
   * else holds is left to a later time. @returns how many rows went
   */
  async deleteOld(
    keepDays: { readonly delivered: number; readonly dead: number },
    limit: number,
  ): Promise<number> {
    const [, deleted] = await this.dataSource.query<[unknown, number]>(
      `DELETE FROM webhook_deliveries WHERE id IN (
         SELECT id FROM webhook_deliveries
         WHERE settled_at < now() - make_interval(days => CASE status WHEN 'dead' THEN $2::integer ELSE $1::integer END)
           AND settled_at < now() - make_interval(days => least($1::integer, $2::integer))
         ORDER BY settled_at LIMIT $3 FOR UPDATE SKIP LOCKED
       )`,
      [keepDays.delivered, keepDays.dead, limit],
    );
    return deleted;
  }
}
