import type { Agent } from 'node:https';
import type { ResolveHost } from '../../../../src/common/net/host-resolver.js';
import type { Clock } from '../../../../src/common/time/clock.js';
import { SystemClock } from '../../../../src/common/time/system-clock.js';
import { parseAppConfig } from '../../../../src/config/app-config.js';
import { ProxyAgents } from '../../../../src/whatsapp/proxy-agents.js';
import type { NetworkProxy } from '../../../../src/whatsapp/whatsapp.gateway.js';
import { SilentLog } from '../../../support/silent-log.js';

interface Circumstances {
  readonly allowPrivate: boolean;
  readonly clock?: Clock;
  readonly resolve?: ResolveHost;
}

/** The agent for a proxy, and what is logged about it. */
export function agentFor(
  proxy: NetworkProxy,
  { allowPrivate, clock = new SystemClock(), resolve }: Circumstances,
): { readonly agent: Agent; readonly log: SilentLog } {
  const log = new SilentLog();
  const config = parseAppConfig({ PROXY_ALLOW_PRIVATE: String(allowPrivate) });
  const agent = new ProxyAgents(config, clock, log, resolve).for(proxy, 'instance-1');
  if (!agent) throw new Error('a proxy needs an agent');
  return { agent, log };
}
