import type { MigrationInterface, QueryRunner } from 'typeorm';

export class SessionOwners1764300000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    for (const statement of UP) await runner.query(statement);
  }

  async down(runner: QueryRunner): Promise<void> {
    for (const statement of DOWN) await runner.query(statement);
  }
}

const UP = [
  `CREATE TABLE nodes (
    id uuid PRIMARY KEY,
    started_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    heartbeat_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    draining boolean NOT NULL DEFAULT false
  ) WITH (fillfactor = 50)`,
  // A node that is dead has no row, so node_id refers to nothing then.
  `CREATE TABLE session_owners (
    instance_id uuid PRIMARY KEY REFERENCES instances ON DELETE CASCADE,
    node_id uuid,
    epoch bigint NOT NULL,
    claimed_at timestamptz NOT NULL DEFAULT clock_timestamp()
  ) WITH (fillfactor = 70)`,
  `CREATE INDEX session_owners_by_node ON session_owners (node_id)`,
  `INSERT INTO session_owners (instance_id, epoch) SELECT id, 0 FROM instances`,
];

const DOWN = [`DROP TABLE session_owners`, `DROP TABLE nodes`];
