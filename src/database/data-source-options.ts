import type { DataSourceOptions } from 'typeorm';
import { AccessTokenEntity } from '../accounts/access-token.entity.js';
import { AccountEntity } from '../accounts/account.entity.js';
import { CallEntity } from '../calls/call.entity.js';
import { IdempotencyKeyEntity } from '../calls/idempotency-key.entity.js';
import type { Log } from '../common/logging/log.js';
import { OutboxEntryEntity } from '../events/outbox-entry.entity.js';
import { WebhookDeliveryEntity } from '../events/webhook-delivery.entity.js';
import { WebhookLaneEntity } from '../events/webhook-lane.entity.js';
import { InstanceEntity } from '../instances/instance.entity.js';
import { WebhookEntity } from '../instances/webhook.entity.js';
import { SessionCredentialsEntity } from '../whatsapp/session-store/session-credentials.entity.js';
import { SessionKeyEntity } from '../whatsapp/session-store/session-key.entity.js';
import { DatabaseLog } from './database-log.js';
import * as migrations from './migrations/index.js';

const CONNECT_TIMEOUT_MS = 5000;
const STATEMENT_TIMEOUT_MS = 30_000;
/** A process that is frozen between two statements keeps nobody from taking over what it holds. */
const IDLE_IN_TRANSACTION_TIMEOUT_MS = 2000;

/** Where the names of the migrations are that were run. */
export const MIGRATIONS_TABLE = 'typeorm_migrations';

export type PostgresOptions = Extract<DataSourceOptions, { type: 'postgres' }>;

/** How the product talks to its database, be it the embedded one or the operator's. */
export function dataSourceOptions(database: {
  readonly url: string;
  readonly poolSize: number;
  readonly log: Log;
  /** What connections are called in `pg_stat_activity`. */
  readonly applicationName?: string;
}): PostgresOptions {
  return {
    type: 'postgres',
    url: database.url,
    entities: [
      AccountEntity,
      AccessTokenEntity,
      InstanceEntity,
      WebhookEntity,
      SessionCredentialsEntity,
      SessionKeyEntity,
      CallEntity,
      IdempotencyKeyEntity,
      OutboxEntryEntity,
      WebhookDeliveryEntity,
      WebhookLaneEntity,
    ],
    migrations: Object.values(migrations),
    migrationsTableName: MIGRATIONS_TABLE,
    // gen_random_uuid() is in the core since PostgreSQL 13, no extension is needed.
    uuidExtension: 'pgcrypto',
    installExtensions: false,
    synchronize: false,
    poolSize: database.poolSize,
    connectTimeoutMS: CONNECT_TIMEOUT_MS,
    extra: {
      application_name: database.applicationName ?? 'ringdrop',
      statement_timeout: STATEMENT_TIMEOUT_MS,
      idle_in_transaction_session_timeout: IDLE_IN_TRANSACTION_TIMEOUT_MS,
    },
    logging: ['error', 'warn', 'migration'],
    logger: new DatabaseLog(database.log),
  };
}
