import http from 'node:http';
import https from 'node:https';
import { Socket, type LookupFunction } from 'node:net';
import type { Duplex } from 'node:stream';
import { checkedLookup, isAllowedAddress } from '../../common/net/checked-lookup.js';
import type { ResolveHost } from '../../common/net/host-resolver.js';
import { SendFailure } from './send-failure.js';
import type { TargetRules } from '../../common/net/target-policy.js';

/** Open connections of one account to one origin; further requests to it wait for a free one. */
export const MAX_SOCKETS_PER_ORIGIN = 32;
const MAX_IDLE_SOCKETS_PER_ORIGIN = 8;
/** Kept open for an account that sends to very many origins. */
export const MAX_IDLE_SOCKETS_PER_ACCOUNT = 32;
/** Below the 5 s after which many servers close an idle connection, so that ours is the one to let go. */
const IDLE_TIMEOUT_MS = 4000;
/** Node's 250 ms gives up on addresses of another continent. */
const NEXT_ADDRESS_AFTER_MS = 1000;

/**
 * Keep-alive agents whose sockets connect to checked addresses only. The check is part of the connection's own look-up: the
 * socket gets exactly the addresses that were judged, so a name that changes its mind (DNS rebinding) is not asked twice. A kept
 * socket is never shared between different rules, nor between accounts: each has connections of its own.
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
    } as const;
    const lookupOf = (accountId: string) => checkedLookup(resolve, rules, accountId);
    this.http = checkPeer(divide(new http.Agent(options), lookupOf), rules);
    // Said here, TLS cannot be weakened by NODE_TLS_REJECT_UNAUTHORIZED or --tls-min-v1.0.
    this.https = checkPeer(
      divide(new https.Agent({ ...options, rejectUnauthorized: true, minVersion: 'TLSv1.2' }), lookupOf),
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

/** Options of a request through a {@link CheckedAgents}; Node hands them on to the agent. */
export interface AccountOptions {
  readonly accountId: string;
}

/** Gives each account connections and look-ups of its own, and few connections that are idle. */
function divide<Agent extends http.Agent>(
  agent: Agent,
  lookupOf: (accountId: string) => LookupFunction,
): Agent {
  const nameOf = agent.getName.bind(agent);
  const createConnection = agent.createConnection.bind(agent);
  const reuseSocket = agent.reuseSocket.bind(agent);
  // Node's types do not know of the answer.
  const mayKeep: (socket: Duplex) => unknown = agent.keepSocketAlive.bind(agent);
  const owners = new WeakMap<Duplex, string>();
  const idle = new Map<string, Set<Duplex>>();
  const leaveIdle = (socket: Duplex): void => {
    const owner = owners.get(socket) ?? '';
    const sockets = idle.get(owner);
    if (sockets?.delete(socket) && sockets.size === 0) idle.delete(owner);
  };
  agent.getName = (options) => `${accountOf(options)} ${nameOf(options)}`;
  agent.createConnection = (options, callback) => {
    const accountId = accountOf(options);
    const socket = createConnection({ ...options, lookup: lookupOf(accountId) }, callback);
    if (!socket) return socket;
    owners.set(socket, accountId);
    return socket.once('close', () => leaveIdle(socket));
  };
  agent.keepSocketAlive = (socket) => {
    const owner = owners.get(socket) ?? '';
    const sockets = idle.get(owner) ?? new Set();
    if (sockets.size >= MAX_IDLE_SOCKETS_PER_ACCOUNT || mayKeep(socket) === false) return false;
    idle.set(owner, sockets.add(socket));
    return true;
  };
  agent.reuseSocket = (socket, request) => {
    leaveIdle(socket);
    reuseSocket(socket, request);
  };
  return agent;
}

function accountOf(options: object | undefined): string {
  return options && 'accountId' in options && typeof options.accountId === 'string' ? options.accountId : '';
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
      else if (!isAllowedAddress(remoteAddress, rules)) socket.destroy(new SendFailure('target_refused'));
    });
    return socket;
  };
  return agent;
}
