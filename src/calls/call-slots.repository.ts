import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import { FencedWrites } from '../cluster/fenced-writes.js';
import { OwnershipLost } from '../cluster/ownership.errors.js';
import type { DomainError } from '../common/errors/domain-error.js';
import type { CallTraffic } from './call-admission.js';
import { CALL_COLUMNS, type Call } from './call.entity.js';
import { CallInstanceNotFound } from './calls.errors.js';

/** A call that asks to be let in. */
export interface CallRequest {
  readonly instanceId: string;
  /** Digits as requested. */
  readonly number: string;
  /** Every form of the number; calls to any of them count as calls to the number. Empty = nobody wants to know. */
  readonly sameNumbers: readonly string[];
  readonly durationSeconds: number;
  readonly requestedAt: Date;
  /** Provisional. */
  readonly hangUpAt: Date;
}

/** Lets calls in, one at a time for each instance, whatever process they come from. */
@Injectable()
export class CallSlotsRepository {
  constructor(
    private readonly dataSource: DataSource,
    private readonly writes: FencedWrites,
  ) {}

  /**
   * Stores the call unless `refuse` finds a reason against it in the traffic of the instance. Nothing can come between
   * the look at the traffic and the new row.
   * @throws CallInstanceNotFound, OwnershipLost and what `refuse` returns
   */
  async admit(
    request: CallRequest,
    refuse: (traffic: CallTraffic) => DomainError | undefined,
  ): Promise<Call> {
    try {
      return await this.dataSource.transaction((manager) => this.admitIn(manager, request, refuse));
    } catch (error) {
      // The row of the owner goes with the instance.
      if (error instanceof OwnershipLost && !(await this.isThere(request))) throw new CallInstanceNotFound();
      throw error;
    }
  }

  private async admitIn(
    manager: EntityManager,
    request: CallRequest,
    refuse: (traffic: CallTraffic) => DomainError | undefined,
  ): Promise<Call> {
    const { instanceId } = request;
    // A statement sees the rows from before it began to wait, so the locks must have been taken by one of its own.
    const locked = await this.writes.run(
      instanceId,
      {
        change: `SELECT instances.id FROM instances, fence WHERE instances.id = $1 FOR NO KEY UPDATE OF instances`,
        values: [instanceId],
      },
      { manager },
    );
    if (locked.length === 0) throw new CallInstanceNotFound();
    const refusal = refuse(await this.traffic(manager, request));
    if (refusal) throw refusal;
    return this.insert(manager, request);
  }

  private async isThere({ instanceId }: CallRequest): Promise<boolean> {
    const rows = await this.dataSource.query<unknown[]>('SELECT FROM instances WHERE id = $1', [instanceId]);
    return rows.length > 0;
  }

  private async traffic(manager: EntityManager, request: CallRequest): Promise<CallTraffic> {
    const [traffic] = await manager.query<CallTraffic[]>(
      `SELECT live.*,
         (SELECT requested_at FROM calls WHERE instance_id = $1 ORDER BY id DESC LIMIT 1) AS "lastCallAt",
         CASE WHEN cardinality($2::text[]) > 0 THEN
           (SELECT requested_at FROM calls WHERE instance_id = $1 AND number = ANY ($2) ORDER BY id DESC LIMIT 1)
         END AS "lastCallToNumberAt"
       FROM (SELECT count(*)::integer AS "liveCalls", min(hang_up_at) AS "firstEndsAt"
             FROM calls WHERE instance_id = $1 AND state <> 'ended') AS live`,
      [request.instanceId, request.sameNumbers],
    );
    if (!traffic) throw new TypeError('An aggregate without a row');
    return traffic;
  }

  private async insert(manager: EntityManager, request: CallRequest): Promise<Call> {
    const { instanceId, number, durationSeconds, requestedAt, hangUpAt } = request;
    const [call] = await manager.query<Call[]>(
      `INSERT INTO calls (instance_id, number, duration, state, requested_at, hang_up_at)
       VALUES ($1, $2, $3, 'offering', $4, $5) RETURNING ${CALL_COLUMNS}`,
      [instanceId, number, durationSeconds, requestedAt, hangUpAt],
    );
    if (!call) throw new TypeError('An insert without a row');
    return call;
  }
}
