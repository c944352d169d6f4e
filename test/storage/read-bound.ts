import type { DataSource } from 'typeorm';

interface Plan {
  readonly 'Shared Hit Blocks': number;
  readonly 'Shared Read Blocks': number;
}

/** A data source that notes how many pages of the database each of its statements reads, and runs each once. */
export class MeasuredDataSource {
  private readonly noted: { readonly sql: string; readonly pages: number }[] = [];

  constructor(private readonly dataSource: DataSource) {}

  async query(sql: string, values: unknown[] = []): Promise<unknown> {
    const runner = this.dataSource.createQueryRunner();
    try {
      await runner.startTransaction();
      // It runs the statement, so that what it changes is taken back. Once before, because a server process that is new, as a
      // pooler's often is, reads the catalogue as well.
      const explain = `EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) ${sql}`;
      await runner.query('SAVEPOINT warm');
      await runner.query(explain, values);
      await runner.query('ROLLBACK TO SAVEPOINT warm');
      const [row] = (await runner.query(explain, values)) as [{ 'QUERY PLAN': [{ Plan: Plan }] }];
      const plan = row['QUERY PLAN'][0].Plan;
      this.noted.push({ sql, pages: plan['Shared Hit Blocks'] + plan['Shared Read Blocks'] });
    } finally {
      await runner.rollbackTransaction();
      await runner.release();
    }
    return this.dataSource.query<unknown>(sql, values);
  }

  /** The most pages that one statement has read since the last question, and that statement. */
  take(): { readonly sql: string; readonly pages: number } {
    const [most] = this.noted.splice(0).sort((one, other) => other.pages - one.pages);
    if (!most) throw new Error('nothing was read');
    return most;
  }

  /** Only `query` is there; what else the repositories do goes around the measure. */
  asDataSource(): DataSource {
    return this as unknown as DataSource;
  }
}
