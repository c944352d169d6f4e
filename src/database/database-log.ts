import type { Logger } from 'typeorm';
import type { Log } from '../common/logging/log.js';

/** What the database layer has to say, in the product's log. Never parameters of queries: they hold secrets. */
export class DatabaseLog implements Logger {
  constructor(private readonly sink: Log) {}

  logQuery(): void {
    // One line for each query would drown the log.
  }

  /** Debug only: whoever sent the query gets the error and knows what it means. */
  logQueryError(error: string | Error, query: string): void {
    this.sink.debug('A query failed', { query, reason: error instanceof Error ? error.message : error });
  }

  logQuerySlow(timeMs: number, query: string): void {
    this.sink.warn('A query was slow', { timeMs, query });
  }

  logSchemaBuild(message: string): void {
    this.sink.debug('The database layer reports', { message });
  }

  logMigration(message: string): void {
    this.sink.info('The database schema is migrated', { message });
  }

  log(level: 'log' | 'info' | 'warn', message: unknown): void {
    if (level === 'warn') this.sink.warn('The database layer warns', { message });
    else this.sink.debug('The database layer reports', { message });
  }
}
