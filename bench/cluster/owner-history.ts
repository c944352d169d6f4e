import pg from 'pg';

/** A change of the row that says who holds an instance; times are epoch milliseconds of the database's clock. */
export interface OwnerChange {
  readonly instance: string;
  readonly at: number;
  /** The process that holds it since; `null` = nobody. */
  readonly tag: string | null;
}

/** A node that another process took for dead. */
export interface TakenForDead {
  readonly at: number;
  readonly tag: string;
}

const NOTES = `
  CREATE TABLE chaos_nodes (id uuid PRIMARY KEY, tag text NOT NULL, ended_at timestamptz, ended_by text);
  CREATE TABLE chaos_owners (
    position bigint GENERATED ALWAYS AS IDENTITY, at timestamptz NOT NULL, instance_id uuid NOT NULL, node_id uuid);
  INSERT INTO chaos_nodes SELECT id, $TAG$ FROM nodes;
  INSERT INTO chaos_owners (at, instance_id, node_id) SELECT clock_timestamp(), instance_id, node_id FROM session_owners;
  CREATE FUNCTION chaos_note_node() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    IF TG_OP = 'INSERT' THEN INSERT INTO chaos_nodes VALUES (NEW.id, split_part(current_setting('application_name'), ' ', 1));
    ELSE UPDATE chaos_nodes SET ended_at = clock_timestamp(), ended_by = split_part(current_setting('application_name'), ' ', 1)
      WHERE id = OLD.id; END IF;
    RETURN NULL; END $$;
  CREATE FUNCTION chaos_note_owner() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    INSERT INTO chaos_owners (at, instance_id, node_id) VALUES (clock_timestamp(), NEW.instance_id, NEW.node_id);
    RETURN NULL; END $$;
  CREATE TRIGGER chaos_node AFTER INSERT OR DELETE ON nodes FOR EACH ROW EXECUTE FUNCTION chaos_note_node();
  CREATE TRIGGER chaos_owner AFTER INSERT OR UPDATE ON session_owners
    FOR EACH ROW EXECUTE FUNCTION chaos_note_owner();`;

/**
 * Who held which instance when, noted by triggers of the database itself. Processes are known by the `application_name` of
 * their connections.
 */
export class OwnerHistory {
  constructor(private readonly databaseUrl: string) {}

  /** @param firstTag the one process that has joined so far */
  async begin(firstTag: string): Promise<void> {
    await this.query(NOTES.replace('$TAG$', `'${firstTag}'`));
  }

  /** In the order of the changes. */
  changes(): Promise<OwnerChange[]> {
    return this.query<OwnerChange>(
      `SELECT instances.name AS instance, extract(epoch FROM at)::float8 * 1000 AS at, tag
       FROM chaos_owners JOIN instances ON instances.id = instance_id LEFT JOIN chaos_nodes ON chaos_nodes.id = node_id
       ORDER BY position`,
    );
  }

  deaths(): Promise<TakenForDead[]> {
    return this.query<TakenForDead>(
      `SELECT extract(epoch FROM ended_at)::float8 * 1000 AS at, tag FROM chaos_nodes WHERE ended_by <> tag`,
    );
  }

  async query<Row extends object>(sql: string): Promise<Row[]> {
    const client = new pg.Client({ connectionString: this.databaseUrl, connectionTimeoutMillis: 10_000 });
    client.on('error', () => undefined);
    await client.connect();
    try {
      const { rows } = await client.query<Row>(sql);
      return rows;
    } finally {
      await client.end();
    }
  }
}
