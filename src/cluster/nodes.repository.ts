import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { SecretBox } from '../common/crypto/secret-box.js';
import { NODE_DEAD_MS } from './node-lease.js';

const DEAD = `heartbeat_at < clock_timestamp() - interval '${NODE_DEAD_MS} milliseconds'`;

/**
 * The processes that are alive, by the clock of the database alone. A process is dead when its row is gone: the row lock
 * decides between a late heartbeat and those who take the node for dead.
 */
@Injectable()
export class NodesRepository {
  constructor(
    private readonly database: DataSource,
    private readonly secrets: SecretBox,
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

  /** Takes nodes without a recent heartbeat for dead, for good. Returns their ids. */
  async removeDead(): Promise<string[]> {
    const [rows] = await this.database.query<[{ id: string }[], number]>(
      `DELETE FROM nodes WHERE ${DEAD} RETURNING id`,
    );
    return rows.map(({ id }) => id);
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
