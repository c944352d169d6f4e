import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { Ownership } from '../cluster/ownership.js';
import { VERDICT_MS } from './call-times.js';
import { CALL_COLUMNS, isPlaced, type Call, type PlacedCall } from './call.entity.js';

/** The first parameter is the node. */
const HELD_HERE = `instance_id IN (SELECT instance_id FROM session_owners WHERE node_id = $1)`;

/** Calls that have not ended, over all instances that this process holds: what it must still hang up. */
@Injectable()
export class LiveCallsRepository {
  constructor(
    private readonly dataSource: DataSource,
    private readonly ownership: Ownership,
  ) {}

  /** Every call whose offer may have left, or those of the given instances. */
  async placed(instanceIds?: readonly string[]): Promise<PlacedCall[]> {
    const calls = await this.dataSource.query<Call[]>(
      `SELECT ${CALL_COLUMNS} FROM calls
       WHERE ${HELD_HERE} AND state <> 'ended' AND ring IS NOT NULL
         AND ($2::uuid[] IS NULL OR instance_id = ANY ($2))
       ORDER BY hang_up_at`,
      [this.ownership.nodeId, instanceIds ?? null],
    );
    return calls.filter(isPlaced);
  }

  /**
   * Calls that must be hung up by `now`. A call that waits for the server's verdict gets the time for it: it is
   * ended when that comes, or by the time-out.
   */
  async due(now: Date, instanceId?: string): Promise<PlacedCall[]> {
    const calls = await this.dataSource.query<Call[]>(
      `SELECT ${CALL_COLUMNS} FROM calls
       WHERE ${HELD_HERE} AND state <> 'ended' AND ring IS NOT NULL
         AND ($4::uuid IS NULL OR instance_id = $4)
         AND hang_up_at <= CASE state WHEN 'offering' THEN $3::timestamptz ELSE $2::timestamptz END
       ORDER BY hang_up_at LIMIT 1000`,
      [this.ownership.nodeId, now, new Date(now.getTime() - VERDICT_MS - 1000), instanceId ?? null],
    );
    return calls.filter(isPlaced);
  }

  /** Calls requested before `before` whose offer has not left, or those of the given instances. */
  unplaced(before: Date, instanceIds?: readonly string[]): Promise<Call[]> {
    return this.dataSource.query<Call[]>(
      `SELECT ${CALL_COLUMNS} FROM calls
       WHERE ${HELD_HERE} AND state <> 'ended' AND ring IS NULL AND requested_at < $2
         AND ($3::uuid[] IS NULL OR instance_id = ANY ($3))`,
      [this.ownership.nodeId, before, instanceIds ?? null],
    );
  }
}
