import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { SecretBox } from '../common/crypto/secret-box.js';
import { Clock } from '../common/time/clock.js';
import { NODE_DEAD_MS } from './node-lease.js';

/** A heartbeat from the future was stored before the clock of the database was set back. */
const DEAD = `abs(extract(epoch FROM clock_timestamp() - heartbeat_at)) * 1000 > ${NODE_DEAD_MS}`;
/** A step of the clock of the database against ours that nothing but a change of one of them explains. */
const JUMP_MS = 2000;

/**
 * The processes that are alive, by the clock of the database alone. A process is dead when its row is gone: the row lock
 * decides between a late heartbeat and those who take the node for dead.
 */
@Injectable()
export class NodesRepository {
  /** Both clocks at the last look, milliseconds. */
  private seen: { readonly databaseMs: number; readonly ourMs: number } | undefined;
  private trustedFromMs = -Infinity;

  constructor(
    private readonly database: DataSource,
    private readonly secrets: SecretBox,
    private readonly clock: Clock,
  ) {}

  /** @param former id under which this process was known before; nobody has to wait for it to die */
  async register(nodeId: string, former: string | undefined): Promise<void> {
    await this.database.query(
      `WITH former AS (DELETE FROM nodes WHERE id = $2::uuid) INSERT INTO nodes (id, sealing_key_id) VALUES ($1, $3)`,
      [nodeId, former ?? null, this.secrets.currentKeyId],
    );
  }

  /** False: the node was taken for dead. */
  async beat(nodeId: string): Promise<boolean> {
    const [rows] = await this.database.query<[unknown[], number]>(
      `UPDATE nodes SET heartbeat_at = clock_timestamp() WHERE id = $1 RETURNING id`,
      [nodeId],
    );
    return rows.length > 0;
  }

  /**
   * Takes nodes without a recent heartbeat for dead, for good. Returns their ids. After the clock of the database was set every
   * node looks dead until its next heartbeat, so that none is taken for dead for as long as that may take.
   * @param nodeId of this process, which knows itself that it is alive
   */
  async removeDead(nodeId: string): Promise<string[]> {
    const ourMs = this.clock.monotonicMs();
    const expectedMs = this.seen ? this.seen.databaseMs + ourMs - this.seen.ourMs : null;
    const [look] = await this.database.query<{ databaseMs: number; dead: string[] }[]>(
      `WITH clock AS MATERIALIZED (SELECT (extract(epoch FROM clock_timestamp()) * 1000)::double precision AS ms),
       dead AS (DELETE FROM nodes
         WHERE ${DEAD} AND id <> $1::uuid AND $2::boolean
           AND coalesce(abs((SELECT ms FROM clock) - $3::double precision) <= ${JUMP_MS}, true)
         RETURNING id)
       SELECT (SELECT ms FROM clock) AS "databaseMs", ARRAY(SELECT id::text FROM dead) AS dead`,
      [nodeId, ourMs >= this.trustedFromMs, expectedMs],
    );
    if (!look) throw new TypeError('A look without a row');
    const nowMs = this.clock.monotonicMs();
    const aheadMs = look.databaseMs - (expectedMs ?? look.databaseMs);
    // A statement that had to wait looks late, not early.
    if (aheadMs < -JUMP_MS || aheadMs > JUMP_MS + nowMs - ourMs) this.trustedFromMs = nowMs + NODE_DEAD_MS;
    this.seen = { databaseMs: look.databaseMs, ourMs };
    return look.dead;
  }

  /** How many living processes do not seal with the current key of this one. */
  async countOfOtherKeys(): Promise<number> {
    const [row] = await this.database.query<{ count: number }[]>(
      `SELECT count(*)::integer AS count FROM nodes WHERE sealing_key_id IS DISTINCT FROM $1 AND NOT (${DEAD})`,
      [this.secrets.currentKeyId],
    );
    return row?.count ?? 0;
  }

  /** The node takes no instances any more. True when another one is there to take over. */
  async drain(nodeId: string): Promise<boolean> {
    const rows = await this.database.query<unknown[]>(
      `WITH mine AS (UPDATE nodes SET draining = true WHERE id = $1)
       SELECT 1 FROM nodes WHERE id <> $1 AND NOT draining AND NOT (${DEAD}) LIMIT 1`,
      [nodeId],
    );
    return rows.length > 0;
  }

  /** The node ends in order: what it holds is free at once. */
  async leave(nodeId: string): Promise<void> {
    await this.database.query(
      `WITH released AS (UPDATE session_owners SET node_id = NULL WHERE node_id = $1)
       DELETE FROM nodes WHERE id = $1`,
      [nodeId],
    );
  }
}
