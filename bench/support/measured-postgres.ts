import { chmod, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import pg from 'pg';
import { startEmbeddedPostgres, type EmbeddedPostgres } from '../../src/database/embedded-postgres.js';
import { administratorUrl } from '../../test/support/administrator.mjs';
import { runSql } from '../../test/support/postgres.js';
import { familyCpuMs } from './family-cpu.js';

/** Calls of each statement since the server started, by its text with constants taken out. */
export type StatementCounts = ReadonlyMap<string, number>;

/**
 * The bench is the administrator, so that its own statements are left out; and so is the question whether the server is there, which
 * the product asks on connections that are quiet.
 */
const COUNTS = `SELECT query, sum(calls)::integer AS calls FROM pg_stat_statements
  JOIN pg_roles ON pg_roles.oid = userid WHERE rolname <> current_user AND query <> 'SELECT $1' GROUP BY query`;

/** A PostgreSQL as durable as the product's own that counts the statements it runs. Call `close` at the end. */
export class MeasuredPostgres {
  private constructor(
    readonly url: string,
    private readonly server: EmbeddedPostgres,
    private readonly directory: string,
    private readonly dataDirectory: string,
    private readonly client: pg.Client,
  ) {}

  static async start(): Promise<MeasuredPostgres> {
    const directory = await mkdtemp(path.join(tmpdir(), 'ringdrop-bench-'));
    await chmod(directory, 0o755);
    const dataDir = path.join(directory, 'data');
    const first = await startEmbeddedPostgres({ dataDir });
    const url = await administratorUrl(first.url, dataDir);
    await runSql(url, `ALTER SYSTEM SET shared_preload_libraries = 'pg_stat_statements'`);
    await first.stop();
    const server = await startEmbeddedPostgres({ dataDir });
    const client = new pg.Client({ connectionString: url, application_name: 'bench' });
    await client.connect();
    await client.query('CREATE EXTENSION pg_stat_statements');
    const { rows } = await client.query<{ data_directory: string }>('SHOW data_directory');
    return new MeasuredPostgres(server.url, server, directory, rows[0]?.data_directory ?? '', client);
  }

  /** Statements of the product. */
  async statements(): Promise<StatementCounts> {
    const { rows } = await this.client.query<{ query: string; calls: number }>(COUNTS);
    return new Map(rows.map(({ query, calls }) => [query, calls]));
  }

  /** Connections that the product holds. */
  async productConnections(): Promise<number> {
    const { rows } = await this.client.query<{ count: number }>(
      `SELECT count(*)::integer AS count FROM pg_stat_activity WHERE application_name LIKE 'ringdrop%'`,
    );
    return rows[0]?.count ?? 0;
  }

  /** CPU time of all processes of the server since it started. */
  async cpuMs(): Promise<number> {
    const lock = await readFile(path.join(this.dataDirectory, 'postmaster.pid'), 'utf8');
    return familyCpuMs(Number(lock.split('\n')[0]));
  }

  /** The first column of the first row. */
  async value(sql: string, values: unknown[] = []): Promise<unknown> {
    const { rows } = await this.client.query<unknown[]>({ text: sql, values, rowMode: 'array' });
    return rows[0]?.[0];
  }

  async close(): Promise<void> {
    await this.client.end();
    await this.server.stop();
    await rm(this.directory, { recursive: true, force: true });
  }
}

/** How much oftener each statement ran between two counts; those that did not run are left out. */
export function ranBetween(before: StatementCounts, after: StatementCounts): Map<string, number> {
  const ran = new Map<string, number>();
  for (const [query, calls] of after) {
    const more = calls - (before.get(query) ?? 0);
    if (more > 0) ran.set(query, more);
  }
  return ran;
}
