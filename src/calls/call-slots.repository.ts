import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
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
   * the look at the traffic and the new row: when another call was let in meanwhile, the look is taken anew.
   * @throws CallInstanceNotFound, OwnershipLost and what `refuse` returns
   */
  async admit(
    request: CallRequest,
    refuse: (traffic: CallTraffic) => DomainError | undefined,
  ): Promise<Call> {
    for (;;) {
      const { admissions, ...traffic } = await this.look(request);
      const refusal = refuse(traffic);
      if (refusal) throw refusal;
      const call = await this.insert(request, admissions);
      if (call) return call;
    }
  }

  private async isThere({ instanceId }: CallRequest): Promise<boolean> {
    const rows = await this.dataSource.query<unknown[]>('SELECT FROM instances WHERE id = $1', [instanceId]);
    return rows.length > 0;
  }

  private async look({
    instanceId,
    sameNumbers,
  }: CallRequest): Promise<CallTraffic & { admissions: string }> {
    const [traffic] = await this.dataSource.query<(CallTraffic & { admissions: string })[]>(
      `SELECT live.*, instances.admissions,
         (SELECT requested_at FROM calls WHERE instance_id = $1 ORDER BY id DESC LIMIT 1) AS "lastCallAt",
         CASE WHEN cardinality($2::text[]) > 0 THEN
           (SELECT requested_at FROM calls WHERE instance_id = $1 AND number = ANY ($2) ORDER BY id DESC LIMIT 1)
         END AS "lastCallToNumberAt"
       FROM instances, (SELECT count(*)::integer AS "liveCalls", min(hang_up_at) AS "firstEndsAt"
             FROM calls WHERE instance_id = $1 AND state <> 'ended') AS live
       WHERE instances.id = $1`,
      [instanceId, sameNumbers],
    );
    if (!traffic) throw new CallInstanceNotFound();
    return traffic;
  }

  /** `undefined`: another call was let in since `admissions` was read, or the instance is gone. */
  private async insert(request: CallRequest, admissions: string): Promise<Call | undefined> {
    const { instanceId, number, durationSeconds, requestedAt, hangUpAt } = request;
    try {
      const [call] = await this.writes.run<Call>(instanceId, {
        also: [
          `slot AS (UPDATE instances SET admissions = admissions + 1
             WHERE id = $1 AND admissions = $6 AND EXISTS (SELECT FROM fence) RETURNING id)`,
        ],
        change: `INSERT INTO calls (instance_id, number, duration, state, requested_at, hang_up_at)
          SELECT id, $2, $3, 'offering', $4, $5 FROM slot RETURNING ${CALL_COLUMNS}`,
        values: [instanceId, number, durationSeconds, requestedAt, hangUpAt, admissions],
      });
      return call;
    } catch (error) {
      // The row of the owner goes with the instance.
      if (error instanceof OwnershipLost && !(await this.isThere(request))) throw new CallInstanceNotFound();
      throw error;
    }
  }
}
