import { Column, Entity, getMetadataArgsStorage, PrimaryGeneratedColumn } from 'typeorm';
import type { Ring } from '../../whatsapp/whatsapp.gateway.js';
import type { CallOutcome, CallState } from '../call-state.js';

/** One fake call from its request to its end. */
@Entity('calls')
export class CallEntity {
  /** 64-bit identity, as text; grows with time, so it is the order of the calls. */
  @PrimaryGeneratedColumn('identity', { name: 'id', type: 'bigint', generatedIdentity: 'ALWAYS' })
  id: string;

  @Column({ name: 'instance_id', type: 'uuid' })
  instanceId: string;

  /** The id on the wire; `null` until the call is prepared, and for ever when that failed. */
  @Column({ name: 'call_id', type: 'text', nullable: true, unique: true })
  callId: string | null;

  /** Digits that are called; as requested until WhatsApp tells which form it knows. */
  @Column({ name: 'number', type: 'text' })
  number: string;

  /** Bare LID of the callee; `null` as long as `callId` is. */
  @Column({ name: 'jid', type: 'text', nullable: true })
  jid: string | null;

  /** Requested ringing time, 1–60 s. */
  @Column({ name: 'duration', type: 'smallint' })
  durationSeconds: number;

  @Column({ name: 'state', type: 'text' })
  state: CallState;

  @Column({ name: 'outcome', type: 'text', nullable: true })
  outcome: CallOutcome | null;

  /** WhatsApp's code of a refusal. */
  @Column({ name: 'failure_code', type: 'integer', nullable: true })
  failureCode: number | null;

  @Column({ name: 'failure_reason', type: 'text', nullable: true })
  failureReason: string | null;

  @Column({ name: 'requested_at', type: 'timestamptz', precision: 3 })
  requestedAt: Date;

  @Column({ name: 'accepted_at', type: 'timestamptz', precision: 3, nullable: true })
  acceptedAt: Date | null;

  @Column({ name: 'delivered_at', type: 'timestamptz', precision: 3, nullable: true })
  deliveredAt: Date | null;

  @Column({ name: 'ringing_at', type: 'timestamptz', precision: 3, nullable: true })
  ringingAt: Date | null;

  @Column({ name: 'ended_at', type: 'timestamptz', precision: 3, nullable: true })
  endedAt: Date | null;

  /** When the call is hung up; provisional until WhatsApp accepted the offer. */
  @Column({ name: 'hang_up_at', type: 'timestamptz', precision: 3 })
  hangUpAt: Date;

  /** When the official client of a caller gives up, as WhatsApp said with its acceptance; `null`: it did not say. */
  @Column({ name: 'caller_timeout_seconds', type: 'integer', nullable: true })
  callerTimeoutSeconds: number | null;

  /** What it takes to hang up; `null` = no offer has left. */
  @Column({ name: 'ring', type: 'jsonb', nullable: true })
  ring: Ring | null;

  /** Names the row for whoever does not learn its id. */
  @Column({ name: 'admission', type: 'uuid', nullable: true, select: false })
  admission: string | null;
}

/** A call as it was read; changes go through the repositories. */
export type Call = Readonly<Omit<CallEntity, 'admission'>>;

/** A call whose offer may have left: it has a ring that can be hung up. */
export type PlacedCall = Call & { readonly callId: string; readonly ring: Ring };

export function isPlaced(call: Call): call is PlacedCall {
  return call.callId !== null && call.ring !== null;
}

/** What is known about a call once it is prepared. */
export interface PreparedCall {
  /** Digits that will be called. */
  readonly number: string;
  readonly jid: string;
  readonly ring: Ring;
  /** When to hang up if the verdict of the server is never learned. */
  readonly hangUpAt: Date;
}

/** A call whose offer is about to leave for the first time. */
export interface NewCall extends PreparedCall {
  readonly instanceId: string;
  readonly durationSeconds: number;
  readonly requestedAt: Date;
  /** The idempotency key of the request, `null` without one: it is linked to the call. */
  readonly idempotencyKey: string | null;
}

/** @param id of its row; empty: it has none yet */
export function placedCall({ idempotencyKey: _, ...call }: NewCall, id: string): PlacedCall {
  return {
    id,
    ...call,
    callId: call.ring.callId,
    state: 'offering',
    outcome: null,
    failureCode: null,
    failureReason: null,
    acceptedAt: null,
    deliveredAt: null,
    ringingAt: null,
    endedAt: null,
    callerTimeoutSeconds: null,
  };
}

/** A call that was given up before it was ready to leave. */
export type UnplacedCall = Pick<
  Call,
  'instanceId' | 'number' | 'durationSeconds' | 'requestedAt' | 'outcome' | 'failureCode' | 'failureReason'
> & { readonly endedAt: Date };

const columns = getMetadataArgsStorage()
  .filterColumns(CallEntity)
  .filter(({ options }) => options.select !== false)
  .map(({ propertyName, options }) => [propertyName, options.name ?? propertyName] as const);

export const COLUMN_OF_CALL = Object.fromEntries(columns) as Readonly<Record<keyof Call, string>>;

/** Select or RETURNING list whose rows are calls. */
export const CALL_COLUMNS = columns.map(([property, column]) => `${column} AS "${property}"`).join(', ');
