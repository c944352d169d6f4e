import { Module, type DynamicModule } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { DataSource } from 'typeorm';
import type { Ground } from '../common/common.module.js';
import { DatabaseStatus } from '../common/database/database-status.js';
import { errorCodeOf } from '../common/errors/error-code.js';
import { AppConfig } from '../config/app-config.js';
import { dataSourceOptions } from './data-source-options.js';
import { GuardedDataSource } from './guarded-data-source.js';
import { migrate } from './migrate.js';

const ATTEMPTS = 10;
const BETWEEN_ATTEMPTS_MS = 2000;

/** Errors of a database that is on its way up: refused, unknown host, unreachable, starting up, in recovery. */
const PASSING_FAILURES = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ETIMEDOUT',
  '57P03',
]);

/** Connects to the database, after its schema was brought up to date. */
@Module({})
export class DatabaseModule {
  static connect(url: string, { clock, log }: Pick<Ground, 'clock' | 'log'>): DynamicModule {
    return {
      module: DatabaseModule,
      global: true,
      providers: [{ provide: DatabaseStatus, inject: [DataSource], useFactory: statusOf }],
      exports: [DatabaseStatus],
      imports: [
        TypeOrmModule.forRootAsync({
          inject: [AppConfig],
          useFactory: (config: AppConfig) => ({
            ...dataSourceOptions({ url, poolSize: config.databasePoolSize, log }),
            retryAttempts: ATTEMPTS,
            retryDelay: BETWEEN_ATTEMPTS_MS,
            toRetry: isPassing,
          }),
          dataSourceFactory: async (options) => {
            if (options?.type !== 'postgres') throw new TypeError('The database is always PostgreSQL');
            await migrate(options);
            return new GuardedDataSource(options, clock, log).initialize();
          },
        }),
      ],
    };
  }
}

function statusOf(dataSource: DataSource): DatabaseStatus {
  if (!(dataSource instanceof GuardedDataSource)) throw new TypeError('The data source is not guarded');
  return dataSource;
}

function isPassing(error: unknown): boolean {
  return PASSING_FAILURES.has(errorCodeOf(error) ?? '');
}
