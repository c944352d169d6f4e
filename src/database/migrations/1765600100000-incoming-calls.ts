import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Calls that people place to an account. Their ids are made by others, so that they are unique within an instance only. */
export class IncomingCalls1765600100000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    for (const statement of UP) await runner.query(statement);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE incoming_calls');
  }
}

const UP = [
  `CREATE TABLE incoming_calls (
    id bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY,
    instance_id uuid NOT NULL REFERENCES instances ON DELETE CASCADE,
    call_id text NOT NULL,
    caller text NOT NULL,
    number text,
    jid text NOT NULL,
    is_video boolean NOT NULL,
    is_group boolean NOT NULL,
    state text NOT NULL CHECK (state IN ('ringing', 'ended')),
    outcome text CHECK (outcome IN ('answered', 'rejected', 'missed')),
    reason text,
    requested_at timestamptz(3) NOT NULL,
    ringing_at timestamptz(3),
    ended_at timestamptz(3),
    stored_at timestamptz(3) NOT NULL DEFAULT now(),
    UNIQUE (instance_id, call_id),
    CHECK ((state = 'ended') = (outcome IS NOT NULL))
  )`,
  `CREATE INDEX incoming_calls_by_time ON incoming_calls (instance_id, requested_at DESC, id DESC)`,
  `CREATE INDEX incoming_calls_by_caller ON incoming_calls (instance_id, caller, requested_at DESC, id DESC)`,
  `CREATE INDEX incoming_calls_by_outcome ON incoming_calls (instance_id, outcome, requested_at DESC, id DESC)
   WHERE outcome IS NOT NULL`,
  `CREATE INDEX incoming_calls_by_caller_and_outcome
   ON incoming_calls (instance_id, caller, outcome, requested_at DESC, id DESC) WHERE outcome IS NOT NULL`,
  `CREATE INDEX incoming_calls_alive ON incoming_calls (instance_id) WHERE state <> 'ended'`,
  `CREATE INDEX incoming_calls_by_age ON incoming_calls (stored_at)`,
];
