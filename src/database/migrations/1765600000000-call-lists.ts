import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Each list of calls reads what it shows and no more, however many calls others have: every index begins with the instance
 * and ends with the order of the list. None has that order without the instance, so that no plan can walk through the calls
 * of everybody.
 */
export class CallLists1765600000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    for (const statement of UP) await runner.query(statement);
  }

  async down(runner: QueryRunner): Promise<void> {
    for (const statement of DOWN) await runner.query(statement);
  }
}

const UP = [
  `CREATE INDEX calls_by_time ON calls (instance_id, requested_at DESC, id DESC)`,
  `CREATE INDEX calls_by_number_and_time ON calls (instance_id, number, requested_at DESC, id DESC)`,
  `CREATE INDEX calls_by_outcome ON calls (instance_id, outcome, requested_at DESC, id DESC)
   WHERE outcome IS NOT NULL`,
  `CREATE INDEX calls_by_number_and_outcome ON calls (instance_id, number, outcome, requested_at DESC, id DESC)
   WHERE outcome IS NOT NULL`,
  `CREATE INDEX calls_by_end ON calls (ended_at) WHERE ended_at IS NOT NULL`,
  // In the order of the others: that of the ids is also that of the primary key, through which the calls of all would be read.
  `DROP INDEX calls_number_by_lid`,
  `CREATE INDEX calls_number_by_lid ON calls (instance_id, jid, requested_at DESC, id DESC)
   WHERE number || '@lid' <> jid`,
  `DROP INDEX calls_newest_first`,
  `DROP INDEX calls_by_number`,
  // It would search all keys for each call that is deleted, and a key may outlive its call.
  `ALTER TABLE idempotency_keys DROP CONSTRAINT idempotency_keys_call_row_id_fkey`,
];

const DOWN = [
  `UPDATE idempotency_keys SET call_row_id = NULL
   WHERE call_row_id IS NOT NULL AND NOT EXISTS (SELECT FROM calls WHERE id = call_row_id)`,
  `ALTER TABLE idempotency_keys ADD CONSTRAINT idempotency_keys_call_row_id_fkey
   FOREIGN KEY (call_row_id) REFERENCES calls ON DELETE SET NULL`,
  `CREATE INDEX calls_newest_first ON calls (instance_id, id DESC)`,
  `CREATE INDEX calls_by_number ON calls (instance_id, number, id DESC)`,
  `DROP INDEX calls_number_by_lid`,
  `CREATE INDEX calls_number_by_lid ON calls (instance_id, jid, id DESC) WHERE number || '@lid' <> jid`,
  `DROP INDEX calls_by_end`,
  `DROP INDEX calls_by_number_and_outcome`,
  `DROP INDEX calls_by_outcome`,
  `DROP INDEX calls_by_number_and_time`,
  `DROP INDEX calls_by_time`,
];
