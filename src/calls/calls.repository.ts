import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { FencedWrites } from '../cluster/fenced-writes.js';
import { appendEvent, type OutboxEvent } from '../common/events/outbox.js';
import type { Ring } from '../whatsapp/whatsapp.gateway.js';
import type { CallChanges } from './call-progress.js';
import { CALL_COLUMNS, COLUMN_OF_CALL, type Call } from './call.entity.js';

/** What is known about a call once it is prepared. */
export interface PreparedCall {
  /** Digits that will be called. */
  readonly number: string;
  readonly jid: string;
  readonly ring: Ring;
  /** When to hang up if the verdict of the server is never learned. */
  readonly hangUpAt: Date;
}

/** Call ids are made here; what does not look like one is nobody's. */
const CALL_ID = /^[0-9A-Za-z_-]{1,128}$/;

const CHANGING = [
  'state',
  'outcome',
  'failureCode',
  'failureReason',
  'acceptedAt',
  'deliveredAt',
  'ringingAt',
  'endedAt',
  'hangUpAt',
  'callerTimeoutSeconds',
  'ring',
] as const satisfies readonly (keyof CallChanges)[];

/**
 * The calls that an instance places. An event that is given with a change is stored with it, or not at all when nothing
 * changed. What changes a call throws `OwnershipLost`.
 */
@Injectable()
export class CallsRepository {
  constructor(
    private readonly dataSource: DataSource,
    private readonly writes: FencedWrites,
  ) {}

  async findByCallId(instanceId: string, callId: string): Promise<Call | undefined> {
    if (!CALL_ID.test(callId)) return undefined;
    const rows = await this.dataSource.query<Call[]>(
      `SELECT ${CALL_COLUMNS} FROM calls WHERE instance_id = $1 AND call_id = $2`,
      [instanceId, callId],
    );
    return rows[0];
  }

  async findByRowId(instanceId: string, id: string): Promise<Call | undefined> {
    const rows = await this.dataSource.query<Call[]>(
      `SELECT ${CALL_COLUMNS} FROM calls WHERE instance_id = $1 AND id = $2`,
      [instanceId, id],
    );
    return rows[0];
  }

  /**
   * Stores what it takes to hang up, before the offer leaves. `undefined`: the call is no longer being prepared.
   * @param end reports that the offer with the id of `call` was refused; this one takes its place
   */
  async attachRing(
    call: Call,
    prepared: PreparedCall,
    event?: OutboxEvent,
    end?: OutboxEvent,
  ): Promise<Call | undefined> {
    const { number, jid, ring, hangUpAt } = prepared;
    const replaced = end ? call.callId : null;
    const change = {
      change: `UPDATE calls SET call_id = $3, number = $4, jid = $5, ring = $6, hang_up_at = $7
       WHERE instance_id = $1 AND id = $2 AND state = 'offering' AND call_id IS NOT DISTINCT FROM $8
         AND EXISTS (SELECT FROM fence)
       RETURNING ${CALL_COLUMNS}`,
      values: [call.instanceId, call.id, ring.callId, number, jid, JSON.stringify(ring), hangUpAt, replaced],
      event,
    };
    if (!end) return (await this.writes.run<Call>(call.instanceId, change))[0];
    return this.dataSource.transaction(async (manager) => {
      const [changed] = await this.writes.run<Call>(call.instanceId, change, { manager });
      if (changed) await appendEvent(manager, end);
      return changed;
    });
  }

  /** Compare-and-set: writes only while the state is still the one of `call`. `undefined`: it is not. */
  async change(call: Call, changes: CallChanges, event?: OutboxEvent): Promise<Call | undefined> {
    const changed = CHANGING.filter((property) => changes[property] !== undefined);
    const assignments = changed.map((property, index) => `${COLUMN_OF_CALL[property]} = $${index + 4}`);
    return this.changeOne(
      `UPDATE calls SET ${assignments.join(', ')}
       WHERE instance_id = $1 AND id = $2 AND state = $3 AND EXISTS (SELECT FROM fence) RETURNING ${CALL_COLUMNS}`,
      [call.instanceId, call.id, call.state, ...changed.map((property) => changes[property])],
      event,
    );
  }

  /** Moves the hang-up of a live call forward to `at`. */
  async bringForward(call: Call, at: Date): Promise<Call | undefined> {
    return this.changeOne(
      `UPDATE calls SET hang_up_at = least(hang_up_at, $3)
       WHERE instance_id = $1 AND id = $2 AND state <> 'ended' AND EXISTS (SELECT FROM fence)
       RETURNING ${CALL_COLUMNS}`,
      [call.instanceId, call.id, at],
    );
  }

  /** Forgets a call of which nothing reached WhatsApp. False: it is gone or was ended meanwhile. */
  async remove(call: Call, event?: OutboxEvent): Promise<boolean> {
    const removed = await this.changeOne(
      `DELETE FROM calls WHERE instance_id = $1 AND id = $2 AND state = 'offering' AND EXISTS (SELECT FROM fence)
       RETURNING ${CALL_COLUMNS}`,
      [call.instanceId, call.id],
      event,
    );
    return removed !== undefined;
  }

  /** Forgets the call that was let in under this name, if one was. */
  async withdraw(instanceId: string, admission: string): Promise<void> {
    // Waits for an admission that the server is still busy with, so that the next statement sees what came of it.
    await this.writes.run(instanceId, {
      change: `UPDATE instances SET admissions = admissions + 1
        WHERE id = $1 AND EXISTS (SELECT FROM fence) RETURNING id`,
      values: [instanceId],
    });
    await this.changeOne(
      `DELETE FROM calls WHERE instance_id = $1 AND admission = $2 AND state = 'offering' AND ring IS NULL
         AND EXISTS (SELECT FROM fence)
       RETURNING ${CALL_COLUMNS}`,
      [instanceId, admission],
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

  private async changeOne(
    change: string,
    values: readonly [instanceId: string, ...more: unknown[]],
    event?: OutboxEvent,
  ): Promise<Call | undefined> {
    const [changed] = await this.writes.run<Call>(values[0], { change, values, event });
    return changed;
  }
}
