import { randomBytes } from 'node:crypto';
import type { DataSourceOptions } from 'typeorm';
import { AccessTokenEntity } from '../accounts/access-token.entity.js';
import { AccountEntity } from '../accounts/account.entity.js';
import { CallEntity } from '../calls/store/call.entity.js';
import { IdempotencyKeyEntity } from '../calls/idempotency/idempotency.repository.js';
import type { Log } from '../common/logging/log.js';
import { WebhookDeliveryEntity, WebhookLaneEntity } from '../deliveries/webhook-delivery.entity.js';
import { InstanceEntity } from '../instances/instance.entity.js';
import { WebhookEntity } from '../webhooks/store/webhook.entity.js';
import { SessionCredentialsEntity } from '../whatsapp/session-store/session-credentials.entity.js';
import { SessionKeyEntity } from '../whatsapp/session-store/session-key.entity.js';
import { DatabaseLog } from './database-log.js';
import { limitedClient, type TimeLimits } from './limited-client.js';
import * as migrations from './migrations/index.js';

const CONNECT_TIMEOUT_MS = 5000;
/** The product's own statements and transactions take milliseconds. */
const LIMITS: TimeLimits = {
  statementMs: 30_000,
  lockMs: 5000,
  // A process that is frozen between two statements keeps nobody from taking over what it holds.
  idleInTransactionMs: 2000,
};
/** A call needs a second connection for moments only: to open it again each time costs more than the statement. */
const IDLE_CONNECTION_MS = 60_000;
/** A server cuts names at 63 bytes, and the end is what makes one unique. */
const MAX_NAME_LENGTH = 50;

/** Where the names of the migrations are that were run. */
export const MIGRATIONS_TABLE = 'typeorm_migrations';

export type PostgresOptions = Extract<DataSourceOptions, { type: 'postgres' }>;

/** How the product talks to its database, be it the embedded one or the operator's. */
export function dataSourceOptions(database: {
  readonly url: string;
  readonly poolSize: number;
  readonly log: Log;
  /** What connections are called in `pg_stat_activity`, unless the URL says so. */
  readonly applicationName?: string;
  readonly limits?: TimeLimits;
}): PostgresOptions & { readonly url: string; readonly applicationName: string } {
  const { url, name = database.applicationName ?? 'ringdrop' } = withoutName(database.url);
  // Of this process alone, so that it finds its own connections among those of others.
  const applicationName = `${name} ${randomBytes(4).toString('hex')}`;
  return {
    type: 'postgres',
    url,
    applicationName,
    entities: [
      AccountEntity,
      AccessTokenEntity,
      InstanceEntity,
      WebhookEntity,
      SessionCredentialsEntity,
      SessionKeyEntity,
      CallEntity,
      IdempotencyKeyEntity,
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
      Client: limitedClient(database.limits ?? LIMITS, applicationName),
      idleTimeoutMillis: IDLE_CONNECTION_MS,
    },
    logging: ['error', 'warn', 'migration'],
    logger: new DatabaseLog(database.log),
  };
}

/** A name in the URL would take the place of any other. */
function withoutName(given: string): { readonly url: string; readonly name?: string } {
  const url = new URL(given);
  const name = url.searchParams.get('application_name');
  if (!name) return { url: given };
  url.searchParams.delete('application_name');
  return { url: url.href, name: name.replace(/[^ -~]/g, '?').slice(0, MAX_NAME_LENGTH) };
}
