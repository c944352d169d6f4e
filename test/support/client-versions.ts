import type { DataSource } from 'typeorm';
import { LinkedNews } from '../../src/cluster/linked-news.js';
import { NoLink } from '../../src/cluster/no-link.js';
import type { NodeNews } from '../../src/cluster/node-news.js';
import { EventBus } from '../../src/common/events/event-bus.js';
import type { Log } from '../../src/common/logging/log.js';
import type { Clock } from '../../src/common/time/clock.js';
import type { AppConfig } from '../../src/config/app-config.js';
import { ClientVersionRepository } from '../../src/whatsapp/client-version/client-version.repository.js';
import { ProxyAgents } from '../../src/whatsapp/proxy-agents.js';
import { ClientVersions } from '../../src/whatsapp/client-version/client-versions.js';

/** Of no particular day. */
export const LIBRARY_VERSION = { revision: 1043857760, currentAt: new Date('2026-07-25T00:00:00Z') };

interface Parts {
  readonly config: AppConfig;
  readonly clock: Clock;
  readonly log: Log;
  readonly events?: EventBus;
  /** The way to other processes; by default there are none. */
  readonly nodes?: NodeNews;
}

/** The client versions of one process on a database. */
export function clientVersions(
  database: DataSource,
  { config, clock, log, events = new EventBus(log), nodes = new LinkedNews(new NoLink(), log) }: Parts,
): ClientVersions {
  const proxies = new ProxyAgents(config, clock, log);
  const repository = new ClientVersionRepository(database);
  return new ClientVersions(LIBRARY_VERSION, repository, nodes, events, proxies, config, clock, log);
}
