import { randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import { laneKey, type DueDelivery, type Lane } from './due-delivery.js';
import { headsOf, LANES, lanesParameter } from './lane-heads.js';

export interface ClaimLimits {
  /** Lanes to claim at most. */
  readonly lanes: number;
  /** Lanes that could be tried besides those that are. */
  readonly free: number;
  /** Of those that are free or its own, the share that one account may have. */
  readonly accountShare: number;
  /** Lanes that may be tried at the same time for one webhook. */
  readonly lanesPerWebhook: number;
  /** The same for a webhook whose last try failed, so that it keeps few connections busy. */
  readonly lanesPerFailingWebhook: number;
  /** Lanes that are being tried, by account and by webhook. */
  readonly busyAccounts: Readonly<Record<string, number>>;
  readonly busyWebhooks: Readonly<Record<string, number>>;
}

/** A lane that is given back. */
export interface ReturnedLane extends Lane {
  /** Until the next try; 0 = at once. */
  readonly delaySeconds: number;
}

/** A try takes at most 10 s; a process that did not settle by then plus a margin is taken for dead. */
const CLAIM_SECONDS = 15;

/** Webhooks of one account that a claim looks at, so that one with very many costs the others little. */
const MAX_WEBHOOKS_A_CLAIM = 500;

/** Before a lane of a failing webhook come so many of each webhook of the same account that works. */
const LANES_BEFORE_FAILING = 4;

const LAST_UUID = `'ffffffff-ffff-ffff-ffff-ffffffffffff'::uuid`;

/**
 * Accounts take turns, and within an account its webhooks: who has the fewest lanes at work is first, and only then what
 * waits longest. Accounts and webhooks with lanes are found by skipping through the index from one to the next: what a receiver that
 * is down has left waiting is not read. The webhooks of an account are looked at from a random one on, and round to it.
 * Failing = the last signal of the receiver was a failure. What is chosen is locked by its place in the table, since the planner cannot
 * know that it is few rows.
 */
const CLAIM = `
  WITH RECURSIVE start (webhook_id) AS MATERIALIZED (SELECT gen_random_uuid()),
  accounts (account_id) AS (
    (SELECT account_id FROM webhook_lanes ORDER BY account_id LIMIT 1)
    UNION ALL
    SELECT (SELECT next.account_id FROM webhook_lanes next WHERE next.account_id > accounts.account_id
            ORDER BY next.account_id LIMIT 1)
    FROM accounts WHERE accounts.account_id IS NOT NULL
  ), free (account_id, busy, places) AS (
    SELECT account_id, busy, ceil(($4::integer + busy) * $5::numeric)::integer - busy
    FROM accounts CROSS JOIN LATERAL (SELECT coalesce(($1::jsonb ->> account_id::text)::integer, 0) AS busy) counted
    WHERE account_id IS NOT NULL AND busy < ceil(($4::integer + busy) * $5::numeric)
  ), due AS (
    SELECT first.row_at, free.busy + first.turn AS turn, first.due_at
    FROM free CROSS JOIN LATERAL (
      WITH RECURSIVE waiting (webhook_id, is_wrapped, seen) AS (
        SELECT webhook_id, false, 0 FROM start
        UNION ALL
        SELECT next.webhook_id, next.is_wrapped, waiting.seen + 1
        FROM waiting CROSS JOIN start CROSS JOIN LATERAL (
          (SELECT lanes.webhook_id, waiting.is_wrapped FROM webhook_lanes lanes
           WHERE lanes.account_id = free.account_id AND lanes.webhook_id > waiting.webhook_id
             AND lanes.webhook_id < CASE WHEN waiting.is_wrapped THEN start.webhook_id ELSE ${LAST_UUID} END
           ORDER BY lanes.webhook_id LIMIT 1)
          UNION ALL
          (SELECT lanes.webhook_id, true FROM webhook_lanes lanes
           WHERE NOT waiting.is_wrapped AND lanes.account_id = free.account_id AND lanes.webhook_id < start.webhook_id
           ORDER BY lanes.webhook_id LIMIT 1)
          LIMIT 1
        ) next
        WHERE waiting.seen < ${MAX_WEBHOOKS_A_CLAIM}
      )
      SELECT lanes.row_at, lanes.due_at,
        row_number() OVER (ORDER BY lanes.turn * CASE WHEN webhook.is_failing THEN ${LANES_BEFORE_FAILING} ELSE 1 END,
          lanes.due_at) AS turn
      FROM waiting JOIN webhooks ON webhooks.id = waiting.webhook_id
      CROSS JOIN LATERAL (
        SELECT coalesce(($2::jsonb ->> webhooks.id::text)::integer, 0) AS busy,
          webhooks.enabled AND webhooks.last_failure_at > coalesce(webhooks.last_success_at, '-infinity') AS is_failing
      ) webhook
      CROSS JOIN LATERAL (
        SELECT ctid AS row_at, due_at, webhook.busy + row_number() OVER (ORDER BY due_at) AS turn FROM webhook_lanes
        WHERE webhook_lanes.account_id = free.account_id AND webhook_lanes.webhook_id = webhooks.id AND due_at <= now()
        ORDER BY due_at
        LIMIT greatest(0, CASE WHEN webhook.is_failing THEN $7::integer ELSE $6::integer END - webhook.busy)
      ) lanes
      WHERE NOT webhooks.enabled OR webhooks.paused_until IS NULL OR webhooks.paused_until <= now()
      ORDER BY turn LIMIT free.places
    ) first
    ORDER BY turn, due_at LIMIT $3
  ), locked AS (
    SELECT ctid AS row_at FROM webhook_lanes
    WHERE ctid = ANY (ARRAY(SELECT row_at FROM due)) AND due_at <= now() FOR UPDATE SKIP LOCKED
  )
  UPDATE webhook_lanes SET claimed_by = $8, due_at = now() + make_interval(secs => $9)
  WHERE ctid = ANY (ARRAY(SELECT row_at FROM locked))
  RETURNING webhook_id AS "webhookId", lane`;

const HURRIED_AT_ONCE = 1000;
const HURRY = `
  WITH waiting AS (
    SELECT ctid AS row_at FROM webhook_lanes
    WHERE webhook_id = $1 AND due_at > now() AND claimed_by IS NULL AND account_id = (
      SELECT account_id FROM webhooks JOIN instances ON instances.id = webhooks.instance_id WHERE webhooks.id = $1)
    ORDER BY due_at LIMIT $2 FOR UPDATE SKIP LOCKED
  )
  UPDATE webhook_lanes SET due_at = now() WHERE ctid = ANY (ARRAY(SELECT row_at FROM waiting))`;

/**
 * Hands out the first delivery of each lane to one process at a time. Times are the database's, which is the one clock
 * that all processes share. Locks are taken in one order everywhere: webhooks, lanes (sorted), deliveries.
 */
@Injectable()
export class LanesRepository {
  /** What this process claims is known by. */
  private readonly claimant = randomUUID();
  /** Claimed, and what is first in them is not known yet: the connection broke, or somebody was still at work in them. */
  private unread: readonly Lane[] = [];

  constructor(private readonly dataSource: DataSource) {}

  /** Claims due lanes; a claim that is not settled in time is void. */
  async claim(limits: ClaimLimits): Promise<DueDelivery[]> {
    const [claimed] = await this.dataSource.query<[Lane[], number]>(CLAIM, [
      JSON.stringify(limits.busyAccounts),
      JSON.stringify(limits.busyWebhooks),
      limits.lanes,
      limits.free,
      limits.accountShare,
      limits.lanesPerWebhook,
      limits.lanesPerFailingWebhook,
      this.claimant,
      CLAIM_SECONDS,
    ]);
    const doubtful = this.unread;
    if (claimed.length === 0 && doubtful.length === 0) return [];
    const looked = [...doubtful, ...claimed];
    this.unread = looked;
    // A statement of its own, so that it sees everything that was settled before the claim.
    const heads = claimed.length > 0 ? await headsOf(this.dataSource.manager, claimed) : [];
    const known = new Set(heads.map(laneKey));
    const toHold = looked.filter((lane) => !known.has(laneKey(lane)));
    const filledSince =
      toHold.length === 0
        ? []
        : await this.dataSource.transaction(async (manager) =>
            this.goOn(manager, await this.hold(manager, toHold)),
          );
    // Others may have been added meanwhile.
    this.unread = this.unread.slice(looked.length);
    return [...heads, ...filledSince];
  }

  /**
   * Makes all lanes of the webhook due that nobody is trying. Some at a time, each in a statement of its own: there may be very many,
   * and new events of the webhook would wait for their locks.
   */
  async hurry(webhookId: string): Promise<void> {
    for (let hurried = HURRIED_AT_ONCE; hurried === HURRIED_AT_ONCE;) {
      [, hurried] = await this.dataSource.query<[unknown, number]>(HURRY, [webhookId, HURRIED_AT_ONCE]);
    }
  }

  /** The next `claim` hands out what is first in the lane, if it is still claimed by this process. */
  lookAgain({ webhookId, lane }: Lane): void {
    this.unread = [...this.unread, { webhookId, lane }];
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
