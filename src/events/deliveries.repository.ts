import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import type { Delivery, DeliveryFilter } from './delivery-values.js';

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

/** A row and when it is tried next: only the first pending delivery of a lane that is not being tried has such a time. */
const DELIVERIES = `
  SELECT deliveries.id, deliveries.event, webhooks.label, deliveries.status, deliveries.attempts,
    deliveries.response_status AS "responseStatus", deliveries.error,
    CASE WHEN deliveries.status = 'pending' AND lanes.claimed_by IS NULL AND NOT EXISTS (
      SELECT FROM webhook_deliveries earlier
      WHERE earlier.webhook_id = deliveries.webhook_id AND earlier.lane = deliveries.lane
        AND earlier.status = 'pending' AND earlier.position < deliveries.position
    ) THEN lanes.due_at END AS "nextAttemptAt",
    deliveries.created_at AS "createdAt",
    CASE WHEN deliveries.status = 'delivered' THEN deliveries.settled_at END AS "deliveredAt"
  FROM webhook_deliveries deliveries
  JOIN webhooks ON webhooks.id = deliveries.webhook_id
  LEFT JOIN webhook_lanes lanes ON lanes.webhook_id = deliveries.webhook_id AND lanes.lane = deliveries.lane`;

/** What is kept about deliveries. */
@Injectable()
export class DeliveriesRepository {
  constructor(private readonly dataSource: DataSource) {}

  /** Newest first. */
  list(instanceId: string, { status, limit }: DeliveryFilter): Promise<Delivery[]> {
    return this.dataSource.query<Delivery[]>(
      `${DELIVERIES} WHERE deliveries.instance_id = $1 ${status ? 'AND deliveries.status = $3' : ''}
       ORDER BY deliveries.position DESC LIMIT $2`,
      status ? [instanceId, limit, status] : [instanceId, limit],
    );
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
           settled_at = NULL
         WHERE instance_id = $1 AND id = $2`,
        [instanceId, id],
      );
      const [delivery] = await manager.query<Delivery[]>(
        `${DELIVERIES} WHERE deliveries.instance_id = $1 AND deliveries.id = $2`,
        [instanceId, id],
      );
      return delivery;
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
