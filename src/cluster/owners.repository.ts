import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { SecretBox } from '../common/crypto/secret-box.js';
import { isForeignKeyViolation } from '../common/database/failed-query.js';
import { NODE_DEAD_MS } from './node-lease.js';

/** An instance that this process has just taken. */
export interface Claim {
  readonly instanceId: string;
  readonly epoch: string;
}

/** How the instances that somebody has to hold are spread. */
export interface Spread {
  /** Instances whose session is wanted, or whose calls are still to be hung up. */
  readonly wanted: number;
  readonly mine: number;
  readonly orphans: number;
  /** Nodes that take instances. */
  readonly nodes: number;
}

/** Who holds an instance, as stored. */
export interface OwnerRow {
  /** `null` = nobody. */
  readonly nodeId: string | null;
  readonly epoch: string;
  /** False for a node that is dead. */
  readonly isAlive: boolean;
}

const ROW = `o.instance_id AS "instanceId", o.epoch::text AS epoch`;

const WANTED = `session_owners AS o
  JOIN instances ON instances.id = o.instance_id
  JOIN accounts ON accounts.id = instances.account_id
  LEFT JOIN session_credentials AS saved ON saved.instance_id = o.instance_id
  WHERE (accounts.enabled AND saved.linked AND instances.status <> 'loggedout'
    OR EXISTS (SELECT FROM calls WHERE calls.instance_id = o.instance_id AND calls.state <> 'ended'))`;

/**
 * Holders without a node. A list, because a claim that waits for a row looks at it again: a node that came meanwhile, and
 * took the row, is not among those who were dead when the claim began.
 */
const DEAD_HOLDERS = `ARRAY(SELECT DISTINCT held.node_id FROM session_owners AS held
  WHERE held.node_id IS NOT NULL AND NOT EXISTS (SELECT FROM nodes WHERE nodes.id = held.node_id))`;

const IS_ORPHAN = `(o.node_id IS NULL OR o.node_id = ANY (${DEAD_HOLDERS}))`;

/** The rows that say who holds an instance, and with which epoch; the epoch grows with each change of hands. */
@Injectable()
export class OwnersRepository {
  constructor(
    private readonly database: DataSource,
    private readonly secrets: SecretBox,
  ) {}

  /** Registers the node as the only one and takes every instance, whoever held it. */
  takeAll(nodeId: string): Promise<Claim[]> {
    return this.database.query<Claim[]>(
      `WITH others AS (DELETE FROM nodes), me AS (INSERT INTO nodes (id, sealing_key_id) VALUES ($1, $2) RETURNING id)
       INSERT INTO session_owners AS o (instance_id, node_id, epoch) SELECT instances.id, me.id, 1 FROM instances, me
       ON CONFLICT (instance_id) DO UPDATE
         SET node_id = excluded.node_id, epoch = o.epoch + 1, claimed_at = clock_timestamp()
       RETURNING ${ROW}`,
      [nodeId, this.secrets.currentKeyId],
    );
  }

  async find(instanceId: string): Promise<OwnerRow | undefined> {
    const rows = await this.database.query<OwnerRow[]>(
      `SELECT o.node_id AS "nodeId", o.epoch::text AS epoch,
         coalesce(heartbeat_at >= clock_timestamp() - interval '${NODE_DEAD_MS} milliseconds', false) AS "isAlive"
       FROM session_owners AS o LEFT JOIN nodes ON nodes.id = o.node_id WHERE o.instance_id = $1`,
      [instanceId],
    );
    return rows[0];
  }

  /**
   * Takes an instance that was found without a living holder.
   * @param seen the row that was found; when it has changed since, nothing is taken
   */
  async take(nodeId: string, instanceId: string, seen: OwnerRow | undefined): Promise<Claim | undefined> {
    try {
      const rows = await this.database.query<Claim[]>(
        `WITH me AS (SELECT id FROM nodes WHERE id = $1 AND NOT draining FOR KEY SHARE)
         INSERT INTO session_owners AS o (instance_id, node_id, epoch) SELECT $2::uuid, me.id, 1 FROM me
         ON CONFLICT (instance_id) DO UPDATE
           SET node_id = excluded.node_id, epoch = o.epoch + 1, claimed_at = clock_timestamp()
           WHERE o.epoch = $3::bigint
             AND (o.node_id IS NULL OR NOT EXISTS (SELECT FROM nodes WHERE nodes.id = o.node_id))
         RETURNING ${ROW}`,
        [nodeId, instanceId, seen?.epoch ?? null],
      );
      return rows[0];
    } catch (error) {
      if (isForeignKeyViolation(error)) return undefined; // the instance was deleted
      throw error;
    }
  }

  async spread(nodeId: string): Promise<Spread> {
    const [spread] = await this.database.query<Spread[]>(
      `SELECT count(*)::integer AS wanted, count(*) FILTER (WHERE o.node_id = $1)::integer AS mine,
         count(*) FILTER (WHERE ${IS_ORPHAN})::integer AS orphans,
         (SELECT count(*)::integer FROM nodes WHERE NOT draining) AS nodes
       FROM ${WANTED}`,
      [nodeId],
    );
    if (!spread) throw new TypeError('An aggregate without a row');
    return spread;
  }

  /** Takes instances that nobody holds, those first whose calls fall due first. Others may claim at the same time. */
  claim(nodeId: string, limit: number): Promise<Claim[]> {
    return this.database
      .query<[Claim[], number]>(
        `WITH me AS (SELECT id FROM nodes WHERE id = $1 AND NOT draining FOR KEY SHARE),
       orphans AS (
         SELECT o.instance_id FROM ${WANTED} AND ${IS_ORPHAN}
         ORDER BY (SELECT min(hang_up_at) FROM calls WHERE calls.instance_id = o.instance_id AND state <> 'ended')
         LIMIT $2 FOR UPDATE OF o SKIP LOCKED)
       UPDATE session_owners AS o SET node_id = me.id, epoch = o.epoch + 1, claimed_at = clock_timestamp()
       FROM orphans, me WHERE o.instance_id = orphans.instance_id
       RETURNING ${ROW}`,
        [nodeId, limit],
      )
      .then(([claims]) => claims);
  }

  /** Instances held here that may change hands: no call of theirs is under way. */
  async movable(nodeId: string, limit: number): Promise<string[]> {
    const rows = await this.database.query<{ instanceId: string }[]>(
      `SELECT o.instance_id AS "instanceId" FROM ${WANTED} AND o.node_id = $1
         AND NOT EXISTS (SELECT FROM calls WHERE calls.instance_id = o.instance_id AND calls.state <> 'ended')
       LIMIT $2`,
      [nodeId, limit],
    );
    return rows.map(({ instanceId }) => instanceId);
  }

  /** Gives instances away to whoever claims them. */
  async release(nodeId: string, instanceIds: readonly string[]): Promise<void> {
    await this.database.query(
      `UPDATE session_owners SET node_id = NULL WHERE node_id = $1 AND instance_id = ANY ($2)`,
      [nodeId, instanceIds],
    );
  }
}
