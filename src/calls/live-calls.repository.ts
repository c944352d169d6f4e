import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { VERDICT_MS } from './call-times.js';
import { CALL_COLUMNS, isPlaced, type Call, type PlacedCall } from './call.entity.js';

/** Calls that have not ended, over all instances: what the process must still hang up. */
@Injectable()
export class LiveCallsRepository {
  constructor(private readonly dataSource: DataSource) {}

  /** Every call whose offer may have left, or those of one instance. */
  async placed(instanceId?: string): Promise<PlacedCall[]> {
    const calls = await this.dataSource.query<Call[]>(
      `SELECT ${CALL_COLUMNS} FROM calls
       WHERE state <> 'ended' AND ring IS NOT NULL AND ($1::uuid IS NULL OR instance_id = $1)
       ORDER BY hang_up_at`,
      [instanceId ?? null],
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
       WHERE state <> 'ended' AND ring IS NOT NULL AND ($3::uuid IS NULL OR instance_id = $3)
         AND hang_up_at <= CASE state WHEN 'offering' THEN $2::timestamptz ELSE $1::timestamptz END
       ORDER BY hang_up_at LIMIT 1000`,
      [now, new Date(now.getTime() - VERDICT_MS - 1000), instanceId ?? null],
    );
    return calls.filter(isPlaced);
  }

  /** Calls requested before `before` whose offer has not left. */
  unplaced(before: Date): Promise<Call[]> {
    return this.dataSource.query<Call[]>(
      `SELECT ${CALL_COLUMNS} FROM calls WHERE state <> 'ended' AND ring IS NULL AND requested_at < $1`,
      [before],
    );
  }
}
