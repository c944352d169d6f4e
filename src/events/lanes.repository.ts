import { randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import { laneKey, type DueDelivery, type Lane } from './due-delivery.js';
import { headsOf, LANES, lanesParameter } from './lane-heads.js';

export interface ClaimLimits {
  /** Lanes to claim at most. */
  readonly lanes: number;
  /** Lanes that may be tried at the same time for one webhook. */
  readonly lanesPerWebhook: number;
  /** The same for a webhook whose last try failed, so that it keeps few connections busy. */
  readonly lanesPerFailingWebhook: number;
  /** Lanes that are being tried, by webhook. */
  readonly busy: Readonly<Record<string, number>>;
}

/** A lane that is given back. */
export interface ReturnedLane extends Lane {
  /** Until the next try; 0 = at once. */
  readonly delaySeconds: number;
}

/** A try takes at most 10 s; a process that did not settle by then plus a margin is taken for dead. */
const CLAIM_SECONDS = 15;

/**
 * Which webhooks have lanes, found by skipping through the index from one webhook to the next: what a receiver that is down has left
 * waiting is not read. Failing = the last thing heard of the receiver was a failure.
 */
const CLAIM = `
  WITH RECURSIVE waiting (webhook_id) AS (
    (SELECT webhook_id FROM webhook_lanes ORDER BY webhook_id LIMIT 1)
    UNION ALL
    SELECT (SELECT next.webhook_id FROM webhook_lanes next WHERE next.webhook_id > waiting.webhook_id
            ORDER BY next.webhook_id LIMIT 1)
    FROM waiting WHERE waiting.webhook_id IS NOT NULL
  ), due AS (
    SELECT webhooks.id AS webhook_id, first.lane
    FROM waiting JOIN webhooks ON webhooks.id = waiting.webhook_id
    CROSS JOIN LATERAL (
      SELECT lane FROM webhook_lanes
      WHERE webhook_lanes.webhook_id = webhooks.id AND due_at <= now()
      ORDER BY due_at
      LIMIT greatest(0, coalesce(($1::jsonb ->> webhooks.id::text)::integer, 0) * -1 +
        CASE WHEN webhooks.last_failure_at > coalesce(webhooks.last_success_at, '-infinity')
             THEN $3::integer ELSE $2::integer END)
      FOR UPDATE SKIP LOCKED
    ) first
    LIMIT $4
  )
  UPDATE webhook_lanes SET claimed_by = $5, due_at = now() + make_interval(secs => $6)
  FROM due WHERE webhook_lanes.webhook_id = due.webhook_id AND webhook_lanes.lane = due.lane
  RETURNING webhook_lanes.webhook_id AS "webhookId", webhook_lanes.lane`;

/**
 * Hands out the first delivery of each lane to one process at a time. Times are the database's, which is the one clock
 * that all processes share. Locks are taken in one order everywhere: webhooks, lanes (sorted), deliveries.
 */
@Injectable()
export class LanesRepository {
  /** What this process claims is known by. */
  private readonly claimant = randomUUID();
  /** Claimed, and then the connection broke: what is first in them is not known yet. */
  private unread: readonly Lane[] = [];

  constructor(private readonly dataSource: DataSource) {}

  /** Claims due lanes; a claim that is not settled in time is void. */
  async claim(limits: ClaimLimits): Promise<DueDelivery[]> {
    const [claimed] = await this.dataSource.query<[Lane[], number]>(CLAIM, [
      JSON.stringify(limits.busy),
      limits.lanesPerWebhook,
      limits.lanesPerFailingWebhook,
      limits.lanes,
      this.claimant,
      CLAIM_SECONDS,
    ]);
    const doubtful = this.unread;
    if (claimed.length === 0 && doubtful.length === 0) return [];
    this.unread = [...doubtful, ...claimed];
    // A statement of its own, so that it sees everything that was settled before the claim.
    const heads = claimed.length > 0 ? await headsOf(this.dataSource.manager, claimed) : [];
    const known = new Set(heads.map(laneKey));
    const toHold = [...doubtful, ...claimed].filter((lane) => !known.has(laneKey(lane)));
    const filledSince =
      toHold.length === 0
        ? []
        : await this.dataSource.transaction(async (manager) =>
            this.goOn(manager, await this.hold(manager, toHold)),
          );
    this.unread = [];
    return [...heads, ...filledSince];
  }

  /** Locks the lanes that are still claimed by this process; nobody can add to them until the transaction ends. */
  hold(manager: EntityManager, lanes: readonly Lane[]): Promise<Lane[]> {
    return manager.query<Lane[]>(
      `SELECT webhook_lanes.webhook_id AS "webhookId", webhook_lanes.lane
       FROM webhook_lanes JOIN ${LANES} ON webhook_lanes.webhook_id = lanes."webhookId" AND webhook_lanes.lane = lanes.lane
       WHERE webhook_lanes.claimed_by = $2
       ORDER BY webhook_lanes.webhook_id, webhook_lanes.lane FOR UPDATE OF webhook_lanes`,
      [lanesParameter(lanes), this.claimant],
    );
  }

  /** Renews the claims of held lanes in which something waits, hands that out, and ends the other lanes. */
  async goOn(manager: EntityManager, held: readonly Lane[]): Promise<DueDelivery[]> {
    if (held.length === 0) return [];
    const heads = await headsOf(manager, held);
    const waiting = new Set(heads.map(laneKey));
    const empty = held.filter((lane) => !waiting.has(laneKey(lane)));
    if (heads.length > 0) await this.renew(manager, heads);
    if (empty.length > 0) await this.end(manager, empty);
    return heads;
  }

  /** Ends the claims of held lanes. */
  async giveBack(manager: EntityManager, held: readonly ReturnedLane[]): Promise<void> {
    if (held.length === 0) return;
    await manager.query(
      `UPDATE webhook_lanes SET claimed_by = NULL, due_at = now() + make_interval(secs => lanes."delaySeconds")
       FROM json_to_recordset($1::json) AS lanes ("webhookId" uuid, lane text, "delaySeconds" double precision)
       WHERE webhook_lanes.webhook_id = lanes."webhookId" AND webhook_lanes.lane = lanes.lane`,
      [JSON.stringify(held)],
    );
  }

  private async renew(manager: EntityManager, held: readonly Lane[]): Promise<void> {
    await manager.query(
      `UPDATE webhook_lanes SET due_at = now() + make_interval(secs => $2)
       FROM ${LANES} WHERE webhook_lanes.webhook_id = lanes."webhookId" AND webhook_lanes.lane = lanes.lane`,
      [lanesParameter(held), CLAIM_SECONDS],
    );
  }

  private async end(manager: EntityManager, held: readonly Lane[]): Promise<void> {
    await manager.query(
      `DELETE FROM webhook_lanes USING ${LANES}
       WHERE webhook_lanes.webhook_id = lanes."webhookId" AND webhook_lanes.lane = lanes.lane`,
      [lanesParameter(held)],
    );
  }
}
