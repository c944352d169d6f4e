import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { FencedWrites } from '../cluster/fenced-writes.js';
import { OwnershipLost } from '../cluster/ownership.errors.js';
import type { DomainError } from '../common/errors/domain-error.js';
import type { AdmissionLimits, CallTraffic } from './call-admission.js';
import { CALL_COLUMNS, type Call } from './call.entity.js';
import { CallInstanceNotFound } from './calls.errors.js';

/** A call that asks to be let in. */
export interface CallRequest {
  readonly instanceId: string;
  /** A UUID that names the row for whoever does not learn its id. */
  readonly admission: string;
  /** Digits as requested. */
  readonly number: string;
  /** Every form of the number; calls to any of them count as calls to the number. Empty = nobody wants to know. */
  readonly sameNumbers: readonly string[];
  readonly durationSeconds: number;
  readonly requestedAt: Date;
  /** Provisional. */
  readonly hangUpAt: Date;
}

/**
 * A call that was requested later than the pause lasts from now was requested before the clock was set back; it is left out,
 * because the pause would take as long as the clock was ahead.
 */
const TRAFFIC = `traffic AS (
  SELECT live.*, instances.admissions,
    (SELECT requested_at FROM calls
       WHERE instance_id = $1 AND requested_at > $9::timestamptz AND requested_at < $4::timestamptz + ($4 - $9::timestamptz)
       ORDER BY requested_at DESC LIMIT 1) AS "lastCallAt",
    (SELECT max(newest.requested_at) FROM unnest($7::text[]) AS form (digits) CROSS JOIN LATERAL (
       SELECT requested_at FROM calls
       WHERE instance_id = $1 AND number = form.digits AND requested_at > $10::timestamptz
         AND requested_at < $4 + ($4 - $10::timestamptz)
       ORDER BY requested_at DESC LIMIT 1) AS newest) AS "lastCallToNumberAt"
  FROM instances, (SELECT count(*)::integer AS "liveCalls"
       FROM calls WHERE instance_id = $1 AND state <> 'ended') AS live
  WHERE instances.id = $1)`;

/** Whoever had to wait for another admission finds another number than in its own, older, look at the traffic. */
const SLOT = `slot AS (
  UPDATE instances SET admissions = admissions + 1
  WHERE id = $1 AND EXISTS (SELECT FROM fence) AND admissions = (
    SELECT admissions FROM traffic
    WHERE "liveCalls" < $8 AND "lastCallAt" IS NULL AND "lastCallToNumberAt" IS NULL)
  RETURNING id)`;

const ADMITTED = `admitted AS (
  INSERT INTO calls (instance_id, number, duration, state, requested_at, hang_up_at, admission)
  SELECT id, $2, $3, 'offering', $4, $5, $6 FROM slot
  RETURNING ${CALL_COLUMNS})`;

/** Lets calls in, one at a time for each instance, whatever process they come from. */
@Injectable()
export class CallSlotsRepository {
  constructor(
    private readonly dataSource: DataSource,
    private readonly writes: FencedWrites,
  ) {}

  /**
   * Stores the call when the traffic of the instance is within the limits, else throws what `refuse` says of it. Nothing can
   * come between the look at the traffic and the new row: when another call was let in meanwhile, both are done anew.
   * After `DatabaseUnavailable` the row may be there.
   * @throws CallInstanceNotFound, OwnershipLost, DatabaseUnavailable and what `refuse` returns
   */
  async admit(
    request: CallRequest,
    limits: AdmissionLimits,
    refuse: (traffic: CallTraffic) => DomainError | undefined,
  ): Promise<Call> {
    for (;;) {
      const [attempt] = await this.attempt(request, limits);
      if (!attempt) throw new CallInstanceNotFound();
      const { liveCalls, lastCallAt, lastCallToNumberAt, ...call } = attempt;
      if (isThere(call)) return call;
      const refusal = refuse({ liveCalls, lastCallAt, lastCallToNumberAt });
      if (refusal) throw refusal;
    }
  }

  /** One row: the traffic, and the call when it was let in. None: there is no such instance. */
  private async attempt(
    { instanceId, number, sameNumbers, durationSeconds, requestedAt, hangUpAt, admission }: CallRequest,
    { liveCalls, lastCallBy, lastCallToNumberBy }: AdmissionLimits,
  ): Promise<Attempt[]> {
    try {
      return await this.writes.run<Attempt>(instanceId, {
        also: [TRAFFIC, SLOT, ADMITTED],
        change: `SELECT "liveCalls", "lastCallAt", "lastCallToNumberAt", admitted.*
          FROM traffic LEFT JOIN admitted ON true`,
        values: [
          instanceId,
          number,
          durationSeconds,
          requestedAt,
          hangUpAt,
          admission,
          sameNumbers,
          liveCalls,
          lastCallBy,
          lastCallToNumberBy,
        ],
      });
    } catch (error) {
      // The row of the owner goes with the instance.
      if (error instanceof OwnershipLost && !(await this.hasInstance(instanceId))) return [];
      throw error;
    }
  }

  private async hasInstance(instanceId: string): Promise<boolean> {
    const rows = await this.dataSource.query<unknown[]>('SELECT FROM instances WHERE id = $1', [instanceId]);
    return rows.length > 0;
  }
}

/** Of a call that was not let in there are only nulls. */
type Attempt = CallTraffic & (Call | Record<keyof Call, null>);

function isThere(call: Call | Record<keyof Call, null>): call is Call {
  return call.id !== null;
}
