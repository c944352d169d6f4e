import { randomBytes, randomUUID } from 'node:crypto';
import { DataSource } from 'typeorm';
import { AccessTokens } from '../../src/accounts/access-tokens.js';
import { AccessTokensRepository } from '../../src/accounts/access-tokens.repository.js';
import { AccountEntity } from '../../src/accounts/account.entity.js';
import { OwnerCommands } from '../../src/cluster/owner-commands.js';
import { SecretBox } from '../../src/common/crypto/secret-box.js';
import { EventBus } from '../../src/common/events/event-bus.js';
import type { TenantCaller } from '../../src/common/http/caller.js';
import { dataSourceOptions } from '../../src/database/data-source-options.js';
import { ConnectionSignalsListener } from '../../src/instances/connection-signals.listener.js';
import { InstanceConfigurationService } from '../../src/instances/instance-configuration.service.js';
import { InstanceLinkingService } from '../../src/instances/instance-linking.service.js';
import { InstanceSessions } from '../../src/instances/instance-sessions.js';
import { InstanceStates } from '../../src/instances/instance-states.js';
import { InstanceStatusRepository } from '../../src/instances/instance-status.repository.js';
import type { InstanceDraft } from '../../src/instances/instance-values.js';
import { InstancesRepository } from '../../src/instances/instances.repository.js';
import { InstancesService } from '../../src/instances/instances.service.js';
import { PasskeyRequests } from '../../src/instances/passkey-requests.js';
import { SessionCommands } from '../../src/instances/session-commands.js';
import { ManualClock } from '../support/manual-clock.js';
import { createDatabase } from '../support/postgres.js';
import { eventWriter, fencedWrites, holdNewInstances } from '../support/test-ownership.js';
import { SilentLog } from '../support/silent-log.js';
import { FakeGateway } from '../unit/instances/support/fake-gateway.js';

/** A database of its own with the product's schema. */
export async function openTestDatabase(): Promise<DataSource> {
  const adminUrl = process.env.TEST_DATABASE_URL;
  if (!adminUrl) throw new TypeError('TEST_DATABASE_URL is not set');
  const options = dataSourceOptions({
    url: await createDatabase(adminUrl),
    poolSize: 10,
    log: new SilentLog(),
  });
  const dataSource = await new DataSource({ ...options, logging: false }).initialize();
  await dataSource.runMigrations();
  await holdNewInstances(dataSource);
  return dataSource;
}

/** The services of instances over the real tables and a WhatsApp without a network. */
export function setUpInstances(dataSource: DataSource, secrets = new SecretBox([randomBytes(32)])) {
  const log = new SilentLog();
  const clock = new ManualClock();
  const events = new EventBus(log);
  const gateway = new FakeGateway();
  const repository = new InstancesRepository(dataSource);
  const statuses = new InstanceStatusRepository(
    dataSource,
    fencedWrites(dataSource, events),
    eventWriter(events),
  );
  const tokens = new AccessTokens(new AccessTokensRepository(dataSource), clock);
  const states = new InstanceStates(statuses, events, clock, log);
  const passkeys = new PasskeyRequests(events);
  passkeys.onModuleInit();
  const sessions = new SessionCommands(
    new OwnerCommands(),
    new InstanceSessions(gateway, statuses, states, secrets, log),
    passkeys,
    log,
  );
  sessions.onModuleInit();
  new ConnectionSignalsListener(gateway, states, log).onModuleInit();
  return {
    events,
    gateway,
    states,
    statuses,
    tokens,
    instances: new InstancesService(repository, tokens, sessions, secrets, events, log),
    linking: new InstanceLinkingService(repository, sessions),
    configuration: new InstanceConfigurationService(repository, sessions, secrets),
  };
}

/** A new account and its token's caller. */
export async function newAccount(
  dataSource: DataSource,
  instanceLimit: number | null = null,
): Promise<TenantCaller & { kind: 'account' }> {
  const { id } = await dataSource.getRepository(AccountEntity).save({ name: randomUUID(), instanceLimit });
  return { kind: 'account', accountId: id };
}

/** A new instance with nothing but a name, and what is given. */
export function draft(name: string, more: Partial<InstanceDraft> = {}): InstanceDraft {
  const nothing = {
    token: undefined,
    settings: {},
    proxy: undefined,
    webhook: undefined,
    websocket: undefined,
  };
  return { name, ...nothing, ...more };
}

/** Session credentials as a linked phone leaves them, or one that is being linked. */
export async function storeCredentials(
  dataSource: DataSource,
  instanceId: string,
  linked = true,
): Promise<void> {
  await dataSource.query(
    `INSERT INTO session_credentials (instance_id, value, linked) VALUES ($1, '\\x00', $2)`,
    [instanceId, linked],
  );
}
