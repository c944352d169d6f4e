import http from 'node:http';
import https from 'node:https';
import { Socket, type LookupFunction } from 'node:net';
import type { ResolveHost } from './host-resolver.js';
import { isPublicAddress } from '../common/net/public-address.js';
import { SendFailure } from './send-failure.js';
import type { TargetRules } from '../common/net/target-policy.js';

/** Open connections to one origin; further requests to it wait for a free one. */
export const MAX_SOCKETS_PER_ORIGIN = 32;
const MAX_IDLE_SOCKETS_PER_ORIGIN = 8;
/** Below the 5 s after which many servers close an idle connection, so that ours is the one to let go. */
const IDLE_TIMEOUT_MS = 4000;
/** Node's 250 ms gives up on addresses of another continent. */
const NEXT_ADDRESS_AFTER_MS = 1000;
const MAX_ADDRESSES = 8;

/**
 * Keep-alive agents whose sockets connect to checked addresses only. The check is part of the connection's own look-up: the
 * socket gets exactly the addresses that were judged, so a name that changes its mind (DNS rebinding) is not asked twice. A kept
 * socket is never shared between different rules.
 */
export class CheckedAgents {
  private readonly http: http.Agent;
  private readonly https: https.Agent;

  constructor(resolve: ResolveHost, rules: TargetRules) {
    const options = {
      keepAlive: true,
      maxSockets: MAX_SOCKETS_PER_ORIGIN,
      maxFreeSockets: MAX_IDLE_SOCKETS_PER_ORIGIN,
      timeout: IDLE_TIMEOUT_MS,
      scheduling: 'lifo',
      autoSelectFamily: true,
      autoSelectFamilyAttemptTimeout: NEXT_ADDRESS_AFTER_MS,
      lookup: checkedLookup(resolve, rules),
    } as const;
    this.http = checkPeer(new http.Agent(options), rules);
    // Said here, TLS cannot be weakened by NODE_TLS_REJECT_UNAUTHORIZED or --tls-min-v1.0.
    this.https = checkPeer(
      new https.Agent({ ...options, rejectUnauthorized: true, minVersion: 'TLSv1.2' }),
      rules,
    );
  }

  /** The agent for `http:` or `https:`. */
  for(protocol: string): http.Agent {
    return protocol === 'https:' ? this.https : this.http;
  }

  close(): void {
    this.http.destroy();
    this.https.destroy();
  }
}

/** One address that is not allowed refuses the name: it would be a matter of luck which one is used. */
function checkedLookup(resolve: ResolveHost, rules: TargetRules): LookupFunction {
  const addressesOf = async (hostname: string) => {
    const addresses = await resolve(hostname, rules).catch((cause: unknown) => {
      throw new SendFailure('dns_failed', { cause });
    });
    if (!addresses.every(({ address }) => isAllowed(address, rules))) throw new SendFailure('target_refused');
    const [first] = addresses;
    if (!first) throw new SendFailure('dns_failed');
    return { first, all: addresses.slice(0, MAX_ADDRESSES) };
  };
  return (hostname, options, callback) => {
    addressesOf(hostname).then(
      ({ first, all }) => (options.all ? callback(null, all) : callback(null, first.address, first.family)),
      (error: Error) => callback(error, []),
    );
  };
}

/** Looks once more at whom a new socket is really connected to, before a byte is written: Node skips look-ups for literal addresses. */
function checkPeer<Agent extends http.Agent>(agent: Agent, rules: TargetRules): Agent {
  const createConnection = agent.createConnection.bind(agent);
  agent.createConnection = (options, callback) => {
    const socket = createConnection(options, callback);
    if (!(socket instanceof Socket)) throw new SendFailure('request_failed');
    socket.prependOnceListener('connect', () => {
      const { remoteAddress } = socket;
      if (remoteAddress === undefined) socket.destroy(new SendFailure('connection_reset'));
      else if (!isAllowed(remoteAddress, rules)) socket.destroy(new SendFailure('target_refused'));
    });
    return socket;
  };
  return agent;
}

function isAllowed(address: string, { allowPrivate }: TargetRules): boolean {
  return allowPrivate || isPublicAddress(address);
}
