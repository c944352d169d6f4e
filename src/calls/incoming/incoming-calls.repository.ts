import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { FencedWrites } from '../../cluster/fenced-writes.js';
import type { WebhookEvent } from '../../common/events/webhook-event.js';
import type { IncomingCallSignal } from '../../whatsapp/whatsapp-signals.js';
import type { CallTable } from '../lists/call-list-query.js';
import { callerOf, requestedAtOf, type IncomingCall, type IncomingEnd } from './incoming-call.js';

/** Callers choose how often they call, so that what is stored of them is bounded. */
const ROWS_A_DAY = 1000;
const ROWS_A_DAY_OF_ONE_CALLER = 100;

/** Phones stop by themselves after a minute. */
const LONGEST_RING = `interval '2 minutes'`;
const END_NOT_REPORTED = 'WhatsApp did not report how this call ended';

/** What WhatsApp writes as an id, see `wordOf`. */
const CALL_ID = /^[\w.:-]{1,128}$/;
const CALLER = /^\d{1,32}$/;

export const INCOMING_CALLS: CallTable = {
  direction: 'incoming',
  name: 'incoming_calls',
  columns: `id, instance_id AS "instanceId", call_id AS "callId", number, jid, is_video AS "isVideo",
    is_group AS "isGroup", state, outcome, reason, requested_at AS "requestedAt", ringing_at AS "ringingAt",
    ended_at AS "endedAt"`,
  number: 'caller',
  listed: 'true',
};

/** The rows of the last day fill what an instance, or this caller at it, may have; `fence` when there is room. */
const ROOM = `room AS (SELECT FROM fence
  WHERE (SELECT count(*) FROM (SELECT FROM incoming_calls
           WHERE instance_id = $1 AND requested_at > $9::timestamptz - interval '1 day' LIMIT ${ROWS_A_DAY}) AS all_calls
        ) < ${ROWS_A_DAY}
    AND (SELECT count(*) FROM (SELECT FROM incoming_calls
           WHERE instance_id = $1 AND caller = $3 AND requested_at > $9::timestamptz - interval '1 day'
           LIMIT ${ROWS_A_DAY_OF_ONE_CALLER}) AS calls_of_caller
        ) < ${ROWS_A_DAY_OF_ONE_CALLER})`;

/** Also after `END_NOT_REPORTED`: a session that was away may hear of the end much later. */
const ENDED = `ended AS (UPDATE incoming_calls SET state = 'ended', outcome = $10, reason = $11, ended_at = $12
  WHERE instance_id = $1 AND call_id = $2 AND (state <> 'ended' OR ended_at IS NULL)
    AND $10::text IS NOT NULL AND EXISTS (SELECT FROM fence)
  RETURNING id)`;

const STORED = `stored AS (
  INSERT INTO incoming_calls (instance_id, call_id, caller, number, jid, is_video, is_group, requested_at, ringing_at,
    state, outcome, reason, ended_at)
  SELECT $1::uuid, $2, $3, $4::text, $5::text, $6::boolean, $7::boolean, $9::timestamptz, $8::timestamptz,
    CASE WHEN $10::text IS NULL THEN 'ringing' ELSE 'ended' END, $10::text, $11::text, $12::timestamptz
  FROM room WHERE NOT EXISTS (SELECT FROM ended)
  ON CONFLICT (instance_id, call_id) DO NOTHING
  RETURNING id)`;

/** The calls that people place to an instance: a row each, as long as there is room, and what happens to them as events. */
@Injectable()
export class IncomingCallsRepository {
  constructor(
    private readonly dataSource: DataSource,
    private readonly writes: FencedWrites,
  ) {}

  /** Digits of the number behind a LID, as the newest call to it by number found it; `null`: there was no such call. */
  async numberOf(instanceId: string, lid: string): Promise<string | null> {
    // The condition on both columns is that of the index `calls_number_by_lid`: a call that was asked for by LID names no number.
    const [call] = await this.dataSource.query<{ number: string }[]>(
      `SELECT number FROM calls WHERE instance_id = $1 AND jid = $2 AND number || '@lid' <> jid
       ORDER BY requested_at DESC, id DESC LIMIT 1`,
      [instanceId, lid],
    );
    return call?.number ?? null;
  }

  /**
   * Stores the event, and with it what it says about the call. A call beyond the room is an event only.
   * @param end `undefined`: it goes on
   * @throws OwnershipLost
   */
  async record(event: WebhookEvent, signal: IncomingCallSignal, end: IncomingEnd | undefined): Promise<void> {
    const { instanceId, callId, from, number, isVideo, isGroup, at } = signal;
    const caller = callerOf(signal);
    const change = 'SELECT 1 AS done FROM fence';
    if (!CALL_ID.test(callId) || !CALLER.test(caller)) {
      await this.writes.run(instanceId, { change, values: [], events: [event] });
      return;
    }
    const values = [
      ...[instanceId, callId, caller, number, from, isVideo, isGroup],
      ...[signal.type === 'incoming_call' ? at : null, requestedAtOf(signal)],
      ...[end?.outcome ?? null, end?.reason ?? null, end?.at ?? null],
    ];
    await this.writes.run(instanceId, { change, values, also: [ROOM, ENDED, STORED], events: [event] });
  }

  async findByCallId(instanceId: string, callId: string): Promise<IncomingCall | undefined> {
    if (!CALL_ID.test(callId)) return undefined;
    const rows = await this.dataSource.query<IncomingCall[]>(
      `SELECT ${INCOMING_CALLS.columns} FROM incoming_calls WHERE instance_id = $1 AND call_id = $2`,
      [instanceId, callId],
    );
    return rows[0];
  }

  /** Ends calls that cannot ring any more and whose end nobody heard of, as while the session was away. */
  async endForgotten(): Promise<void> {
    await this.dataSource.query(
      `UPDATE incoming_calls SET state = 'ended', outcome = 'missed', reason = $1
       WHERE id IN (SELECT id FROM incoming_calls WHERE state <> 'ended' AND stored_at < now() - ${LONGEST_RING}
         FOR UPDATE SKIP LOCKED)`,
      [END_NOT_REPORTED],
    );
  }

  /** What somebody else holds is left to a later time. @returns how many rows went */
  async deleteOld(keepDays: number, limit: number): Promise<number> {
    const [, deleted] = await this.dataSource.query<[unknown, number]>(
      `DELETE FROM incoming_calls WHERE id IN (SELECT id FROM incoming_calls
         WHERE stored_at < now() - make_interval(days => $1) AND state = 'ended'
         ORDER BY stored_at LIMIT $2 FOR UPDATE SKIP LOCKED)`,
      [keepDays, limit],
    );
    return deleted;
  }
}
