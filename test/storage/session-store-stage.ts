import { randomUUID } from 'node:crypto';
import { DataSource, type Logger } from 'typeorm';
import { dataSourceOptions } from '../../src/database/data-source-options.js';
import { createDatabase } from '../support/postgres.js';
import { holdNewInstances } from '../support/test-ownership.js';
import { SilentLog } from '../support/silent-log.js';

/** A database of its own with the product's schema, which tells what statements reach it. */
export class SessionStoreStage {
  private constructor(
    readonly database: DataSource,
    /** Statements since the test last emptied it. */
    readonly statements: string[],
  ) {}

  static async open(): Promise<SessionStoreStage> {
    const adminUrl = process.env.TEST_DATABASE_URL;
    if (!adminUrl) throw new TypeError('TEST_DATABASE_URL is not set');
    const url = await createDatabase(adminUrl);
    const options = dataSourceOptions({ url, poolSize: 5, log: new SilentLog() });
    const logger = new StatementLog();
    const database = await new DataSource({ ...options, logging: ['query'], logger }).initialize();
    await database.runMigrations();
    await holdNewInstances(database);
    return new SessionStoreStage(database, logger.statements);
  }

  async close(): Promise<void> {
    await this.database.destroy();
  }

  /** @returns the id of a new instance on an account of its own */
  async newInstance(): Promise<string> {
    const [{ id }] = await this.database.query<[{ id: string }]>(
      `WITH account AS (INSERT INTO accounts (name) VALUES ($1) RETURNING id)
       INSERT INTO instances (account_id, name) SELECT id, $1 FROM account RETURNING id`,
      [randomUUID()],
    );
    return id;
  }
}

class StatementLog implements Logger {
  readonly statements: string[] = [];

  logQuery(statement: string): void {
    this.statements.push(statement);
  }

  logQueryError(): void {}

  logQuerySlow(): void {}

  logSchemaBuild(): void {}

  logMigration(): void {}

  log(): void {}
}
