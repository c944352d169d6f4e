import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { FencedWrites } from '../../cluster/fenced-writes.js';
import { MadeTexts } from '../../common/database/prepared-statements.js';
import { Ownership } from '../../cluster/ownership.js';
import type { WebhookEvent } from '../../common/events/webhook-event.js';
import type { InstanceRef } from '../../instances/instance-values.js';
import { VERDICT_MS } from '../call-times.js';
import {
  CALL_COLUMNS,
  COLUMN_OF_CALL,
  isPlaced,
  placedCall,
  type Call,
  type NewCall,
  type PlacedCall,
  type PreparedCall,
  type UnplacedCall,
} from './call.entity.js';
import { CHANGING, type CallChanges } from './call-progress.js';

type CallOnWire = Pick<PlacedCall, 'instanceId' | 'callId'>;

/** What is going on at an instance, for the process that has just begun to place its calls. */
export interface StoredTraffic {
  /** Calls that have not ended, by their id on the wire, or the id of the row of one that has none. */
  readonly liveCalls: readonly string[];
  /** When the newest call was requested that the pause between calls still counts from; `null` when there is none. */
  readonly lastCallAt: Date | null;
}

/** Call ids are made here; what does not look like one is nobody's. */
const CALL_ID = /^[0-9A-Za-z_-]{1,128}$/;

/** Of a time that calls were requested: those that a pause until now counts from, see `startOfPause`. */
const WITHIN_PAUSE = (start: string, now: string) =>
  `requested_at > ${start}::timestamptz AND requested_at < ${now}::timestamptz + (${now}::timestamptz - ${start}::timestamptz)`;

/** The first parameter is the node. */
const HELD_HERE = `instance_id IN (SELECT instance_id FROM session_owners WHERE node_id = $1)`;

/**
 * The calls that an instance places. Events that are given with a change are stored with it, or not at all when nothing
 * changed. What changes a call throws `OwnershipLost`.
 */
@Injectable()
export class CallsRepository {
  private readonly texts = new MadeTexts();

  constructor(
    private readonly dataSource: DataSource,
    private readonly writes: FencedWrites,
    private readonly ownership: Ownership,
  ) {}

  findByCallId(instanceId: string, callId: string): Promise<Call | undefined> {
    return CALL_ID.test(callId)
      ? this.findOne('call_id = $2', instanceId, callId)
      : Promise.resolve(undefined);
  }

  findByRowId(instanceId: string, id: string): Promise<Call | undefined> {
    return this.findOne('id = $2', instanceId, id);
  }

  /**
   * @param pauseFrom when a call must have been requested for a pause that still lasts. A call that was requested later than the pause
   * lasts from now was requested before the clock was set back; it is left out, because the pause would take as long as the clock was
   * ahead. `null`: there is no pause.
   */
  async trafficOf(instanceId: string, pauseFrom: Date | null, now: Date): Promise<StoredTraffic> {
    const [traffic] = await this.dataSource.query<StoredTraffic[]>(
      `SELECT ARRAY(SELECT coalesce(call_id, id::text) FROM calls WHERE instance_id = $1 AND state <> 'ended') AS "liveCalls",
         (SELECT requested_at FROM calls WHERE instance_id = $1 AND ${WITHIN_PAUSE('$2', '$3')}
          ORDER BY requested_at DESC LIMIT 1) AS "lastCallAt"`,
      [instanceId, pauseFrom, now],
    );
    return traffic ?? { liveCalls: [], lastCallAt: null };
  }

  /** When any of these numbers was called last, within the pause; `null`: it was not. */
  async lastCallTo(
    instanceId: string,
    numbers: readonly string[],
    pauseFrom: Date,
    now: Date,
  ): Promise<Date | null> {
    const [last] = await this.dataSource.query<{ at: Date | null }[]>(
      `SELECT max(newest.requested_at) AS at FROM unnest($2::text[]) AS form (digits) CROSS JOIN LATERAL (
         SELECT requested_at FROM calls
         WHERE instance_id = $1 AND number = form.digits AND ${WITHIN_PAUSE('$3', '$4')}
         ORDER BY requested_at DESC LIMIT 1) AS newest`,
      [instanceId, numbers, pauseFrom, now],
    );
    return last?.at ?? null;
  }

  /**
   * Stores a call with all it takes to hang it up, before its offer leaves. `undefined`: the limits of the instance are not those
   * under which the call was admitted.
   */
  async place(
    call: NewCall,
    { maxConcurrentCalls, minSecondsBetweenCalls, numberCooldownSeconds, restriction }: InstanceRef,
    event: WebhookEvent,
  ): Promise<PlacedCall | undefined> {
    const { instanceId, ring, requestedAt, hangUpAt } = call;
    const [placed] = await this.writes.run<Pick<Call, 'id'>>(instanceId, {
      also: [
        `placed AS (
          INSERT INTO calls (instance_id, call_id, number, jid, duration, state, requested_at, hang_up_at, ring)
          SELECT instances.id, $2, $3, $4, $5::smallint, 'offering', $6::timestamptz, $7::timestamptz, $8::jsonb
          FROM fence JOIN instances ON instances.id = $1
            AND (max_concurrent_calls, min_seconds_between_calls, number_cooldown_seconds) = ($9::integer, $10::integer, $11::integer)
            AND CASE WHEN restricted THEN restricted_until END IS NOT DISTINCT FROM $12::timestamptz
            AND CASE WHEN restricted THEN contacts_spared_from END IS NOT DISTINCT FROM $13::timestamptz
          RETURNING id)`,
        `linked AS (
          UPDATE idempotency_keys SET call_row_id = placed.id FROM placed
          WHERE idempotency_keys.instance_id = $1 AND idempotency_keys.key = $14)`,
      ],
      change: `SELECT id FROM placed`,
      values: [
        ...[instanceId, ring.callId, call.number, call.jid, call.durationSeconds],
        ...[requestedAt, hangUpAt, JSON.stringify(ring), maxConcurrentCalls, minSecondsBetweenCalls],
        ...[numberCooldownSeconds, restriction?.until ?? null, restriction?.contactsFrom ?? null],
        call.idempotencyKey,
      ],
      events: [event],
    });
    return placed && placedCall(call, placed.id);
  }

  /** Stores a call that ended before it was ready to leave. */
  async addUnplaced(call: UnplacedCall, idempotencyKey: string | null): Promise<Call | undefined> {
    const { instanceId, number, durationSeconds, requestedAt, endedAt } = call;
    const [added] = await this.writes.run<Call>(instanceId, {
      also: [
        `added AS (
          INSERT INTO calls (instance_id, number, duration, state, requested_at, hang_up_at, ended_at, outcome, failure_code,
            failure_reason)
          SELECT $1::uuid, $2, $3::smallint, 'ended', $4::timestamptz, $5::timestamptz, $5::timestamptz, $6, $7::integer, $8
          FROM fence RETURNING *)`,
        `linked AS (
          UPDATE idempotency_keys SET call_row_id = added.id FROM added
          WHERE idempotency_keys.instance_id = $1 AND idempotency_keys.key = $9)`,
      ],
      change: `SELECT ${CALL_COLUMNS} FROM added`,
      values: [
        ...[instanceId, number, durationSeconds, requestedAt, endedAt],
        ...[call.outcome, call.failureCode, call.failureReason, idempotencyKey],
      ],
    });
    return added;
  }

  /**
   * The refused offer with the id of `call` is replaced by another one. `undefined`: the call has ended meanwhile.
   * @param events first that the former offer was refused, then the new one
   */
  replaceOffer(
    call: PlacedCall,
    { number, jid, ring, hangUpAt }: PreparedCall,
    events: readonly WebhookEvent[],
  ): Promise<Call | undefined> {
    return this.changeOne(
      `UPDATE calls SET call_id = $3, number = $4, jid = $5, ring = $6, hang_up_at = $7
       WHERE instance_id = $1 AND id = $2 AND state = 'offering' AND call_id = $8 AND EXISTS (SELECT FROM fence)
       RETURNING ${CALL_COLUMNS}`,
      [call.instanceId, call.id, ring.callId, number, jid, JSON.stringify(ring), hangUpAt, call.callId],
      events,
    );
  }

  /** Compare-and-set: writes only while the state is still the one of `call`. `undefined`: it is not. */
  async change(
    call: Call,
    changes: CallChanges,
    events?: readonly WebhookEvent[],
  ): Promise<Call | undefined> {
    const changed = CHANGING.filter((property) => changes[property] !== undefined);
    const assignments = () => changed.map((property, index) => `${COLUMN_OF_CALL[property]} = $${index + 4}`);
    // Whatever else changes without the state is written in turn by `CallJournal`, in this process.
    const row = await this.changeOne<Pick<Call, 'hangUpAt'>>(
      this.texts.of(
        changed,
        () => `UPDATE calls SET ${assignments().join(', ')}
          WHERE instance_id = $1 AND id = $2 AND state = $3 AND EXISTS (SELECT FROM fence) RETURNING hang_up_at AS "hangUpAt"`,
      ),
      [call.instanceId, call.id, call.state, ...changed.map((property) => changes[property])],
      events,
    );
    return row && { ...call, ...changes, ...row };
  }

  /** Moves the hang-up of a live call forward to `at`. */
  bringForward(call: Call, at: Date): Promise<Call | undefined> {
    return this.changeOne(
      `UPDATE calls SET hang_up_at = least(hang_up_at, $3)
       WHERE instance_id = $1 AND id = $2 AND state <> 'ended' AND EXISTS (SELECT FROM fence) RETURNING ${CALL_COLUMNS}`,
      [call.instanceId, call.id, at],
    );
  }

  /** Forgets a call of which nothing reached WhatsApp. `undefined`: it is gone or was ended meanwhile. */
  remove({ instanceId, callId }: CallOnWire, event?: WebhookEvent): Promise<Call | undefined> {
    return this.changeOne(
      `DELETE FROM calls WHERE instance_id = $1 AND call_id = $2 AND state = 'offering' AND EXISTS (SELECT FROM fence)
       RETURNING ${CALL_COLUMNS}`,
      [instanceId, callId],
      event ? [event] : [],
    );
  }

  /** Resolves when no write of this process for the instance is under way at the server any more, whatever became of it. */
  async settled(instanceId: string): Promise<void> {
    await this.dataSource.query('SELECT FROM session_owners WHERE instance_id = $1 FOR UPDATE', [instanceId]);
  }

  /** Over all instances that this process holds, or of those that are given: every call whose offer may have left. */
  async live(instanceIds?: readonly string[]): Promise<PlacedCall[]> {
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
   * Over all instances that this process holds, or of one: calls that must be hung up by `now`. A call that waits for the server's
   * verdict gets the time for it: it is ended when that comes, or by the time-out.
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

  /** Calls of these instances whose offer has not left: a process of an earlier release stored them before they were prepared. */
  unplaced(instanceIds: readonly string[]): Promise<Call[]> {
    return this.dataSource.query<Call[]>(
      `SELECT ${CALL_COLUMNS} FROM calls
       WHERE instance_id = ANY ($1) AND state <> 'ended' AND ring IS NULL`,
      [instanceIds],
    );
  }

  /**
   * Forgets calls that ended long ago. Processes that do it at the same time share the work: what somebody else holds is left
   * to a later time. @returns how many rows went
   */
  async deleteOld(keepDays: number, limit: number): Promise<number> {
    const [, deleted] = await this.dataSource.query<[unknown, number]>(
      `DELETE FROM calls WHERE id IN (SELECT id FROM calls WHERE ended_at < now() - make_interval(days => $1)
         ORDER BY ended_at LIMIT $2 FOR UPDATE SKIP LOCKED)`,
      [keepDays, limit],
    );
    return deleted;
  }

  private async findOne(condition: string, instanceId: string, value: string): Promise<Call | undefined> {
    const [call] = await this.dataSource.query<Call[]>(
      `SELECT ${CALL_COLUMNS} FROM calls WHERE instance_id = $1 AND ${condition}`,
      [instanceId, value],
    );
    return call;
  }

  private async changeOne<R extends object = Call>(
    change: string,
    values: readonly [instanceId: string, ...more: unknown[]],
    events: readonly WebhookEvent[] = [],
  ): Promise<R | undefined> {
    const [changed] = await this.writes.run<R>(values[0], { change, values, events });
    return changed;
  }
}
