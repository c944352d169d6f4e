import type { MigrationInterface, QueryRunner } from 'typeorm';

export class InitialSchema1763800000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    for (const statement of UP) await runner.query(statement);
  }

  async down(runner: QueryRunner): Promise<void> {
    for (const table of TABLES.toReversed()) await runner.query(`DROP TABLE "${table}"`);
  }
}

const TABLES = [
  'accounts',
  'instances',
  'access_tokens',
  'webhooks',
  'session_credentials',
  'session_keys',
  'calls',
  'idempotency_keys',
];

const UP = [
  `CREATE TABLE accounts (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    name text NOT NULL UNIQUE,
    instance_limit integer CHECK (instance_limit >= 0),
    enabled boolean NOT NULL DEFAULT true,
    created_at timestamptz(3) NOT NULL DEFAULT now(),
    updated_at timestamptz(3) NOT NULL DEFAULT now()
  )`,
  `CREATE TABLE instances (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    account_id uuid NOT NULL REFERENCES accounts ON DELETE CASCADE,
    name text NOT NULL,
    status text NOT NULL DEFAULT 'disconnected'
      CHECK (status IN ('connected', 'connecting', 'disconnected', 'loggedout')),
    number_jid text,
    profile_name text,
    last_disconnect_code integer,
    last_disconnect_reason text,
    last_disconnect_at timestamptz(3),
    restricted boolean NOT NULL DEFAULT false,
    restricted_until timestamptz(3),
    auto_reject_calls boolean NOT NULL DEFAULT false,
    call_reject_message text NOT NULL DEFAULT '',
    keep_online_status boolean NOT NULL DEFAULT false,
    max_concurrent_calls smallint NOT NULL DEFAULT 100 CHECK (max_concurrent_calls BETWEEN 1 AND 100),
    min_seconds_between_calls integer NOT NULL DEFAULT 0 CHECK (min_seconds_between_calls >= 0),
    number_cooldown_seconds integer NOT NULL DEFAULT 0 CHECK (number_cooldown_seconds >= 0),
    proxy_enabled boolean NOT NULL DEFAULT false,
    proxy_protocol text CHECK (proxy_protocol IN ('http', 'https', 'socks5')),
    proxy_host text,
    proxy_port integer CHECK (proxy_port BETWEEN 1 AND 65535),
    proxy_username text,
    proxy_password bytea,
    websocket_enabled boolean,
    websocket_events text[] NOT NULL DEFAULT '{}',
    created_at timestamptz(3) NOT NULL DEFAULT now(),
    updated_at timestamptz(3) NOT NULL DEFAULT now(),
    UNIQUE (account_id, name)
  )`,
  `CREATE TABLE access_tokens (
    token_hash bytea PRIMARY KEY CHECK (octet_length(token_hash) = 32),
    account_id uuid NOT NULL REFERENCES accounts ON DELETE CASCADE,
    instance_id uuid REFERENCES instances ON DELETE CASCADE,
    instance_name text,
    created_at timestamptz(3) NOT NULL DEFAULT now(),
    CHECK ((instance_id IS NULL) = (instance_name IS NULL))
  )`,
  `CREATE UNIQUE INDEX access_tokens_one_per_account ON access_tokens (account_id) WHERE instance_id IS NULL`,
  `CREATE UNIQUE INDEX access_tokens_one_per_instance ON access_tokens (instance_id)`,
  `CREATE TABLE webhooks (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    instance_id uuid NOT NULL REFERENCES instances ON DELETE CASCADE,
    label text NOT NULL,
    enabled boolean NOT NULL,
    url text,
    authorization_value bytea,
    by_events boolean NOT NULL DEFAULT false,
    events text[] NOT NULL DEFAULT '{}',
    created_at timestamptz(3) NOT NULL DEFAULT now(),
    updated_at timestamptz(3) NOT NULL DEFAULT now(),
    UNIQUE (instance_id, label)
  )`,
  `CREATE TABLE session_credentials (
    instance_id uuid PRIMARY KEY REFERENCES instances ON DELETE CASCADE,
    value bytea NOT NULL,
    linked boolean NOT NULL,
    reconnect_attempt integer NOT NULL DEFAULT 0,
    reconnect_not_before timestamptz(3),
    updated_at timestamptz(3) NOT NULL DEFAULT now()
  )`,
  `CREATE TABLE session_keys (
    instance_id uuid NOT NULL REFERENCES instances ON DELETE CASCADE,
    type text NOT NULL,
    key_id text NOT NULL,
    value bytea NOT NULL,
    PRIMARY KEY (instance_id, type, key_id)
  ) WITH (fillfactor = 70)`,
  `CREATE TABLE calls (
    id bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY,
    instance_id uuid NOT NULL REFERENCES instances ON DELETE CASCADE,
    call_id text UNIQUE,
    number text NOT NULL,
    jid text,
    duration smallint NOT NULL CHECK (duration BETWEEN 1 AND 60),
    state text NOT NULL CHECK (state IN ('offering', 'calling', 'delivered', 'ringing', 'ended')),
    outcome text CHECK (outcome IN
      ('completed', 'answered', 'rejected', 'busy', 'unreachable', 'cancelled', 'refused', 'failed')),
    failure_code integer,
    failure_reason text,
    requested_at timestamptz(3) NOT NULL,
    accepted_at timestamptz(3),
    delivered_at timestamptz(3),
    ringing_at timestamptz(3),
    ended_at timestamptz(3),
    hang_up_at timestamptz(3) NOT NULL,
    ring jsonb,
    CHECK ((state = 'ended') = (outcome IS NOT NULL)),
    CHECK ((state = 'ended') = (ended_at IS NOT NULL))
  )`,
  `CREATE INDEX calls_newest_first ON calls (instance_id, id DESC)`,
  `CREATE INDEX calls_by_number ON calls (instance_id, number, id DESC)`,
  `CREATE INDEX calls_alive ON calls (instance_id, hang_up_at) WHERE state <> 'ended'`,
  `CREATE TABLE idempotency_keys (
    instance_id uuid NOT NULL REFERENCES instances ON DELETE CASCADE,
    key text NOT NULL,
    fingerprint bytea NOT NULL,
    call_row_id bigint REFERENCES calls ON DELETE SET NULL,
    answer jsonb,
    created_at timestamptz(3) NOT NULL DEFAULT now(),
    PRIMARY KEY (instance_id, key)
  )`,
  `CREATE INDEX idempotency_keys_by_age ON idempotency_keys (created_at)`,
];
