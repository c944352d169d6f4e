import type { ClientRequest } from 'node:http';
import type { Agent } from 'node:https';
import { connect as connectTcp, isIP, type Socket } from 'node:net';
import { connect as connectTls, type TLSSocket } from 'node:tls';
import { Injectable, Optional } from '@nestjs/common';
import { Agent as SocketAgent, type AgentConnectOpts } from 'agent-base';
import { errorCodeOf } from '../common/errors/error-code.js';
import { Log } from '../common/logging/log.js';
import { maskNumbersIn } from '../common/logging/mask-numbers.js';
import { checkedLookup, isAllowedAddress, LookupFailure } from '../common/net/checked-lookup.js';
import { hostResolver, type ResolveHost } from '../common/net/host-resolver.js';
import type { TargetRules } from '../common/net/target-policy.js';
import { Clock, type Timer } from '../common/time/clock.js';
import { AppConfig } from '../config/app-config.js';
import { openTunnel } from './proxy-tunnels.js';
import type { NetworkProxy } from './whatsapp.gateway.js';

/** From the look-up of the proxy's name to TLS with WhatsApp; less than the 20 s after which the connection is given up in words that say less. */
const OPENING_LIMIT_MS = 15_000;
/** Given with each connection, TLS cannot be weakened by NODE_TLS_REJECT_UNAUTHORIZED or --tls-min-v1.0. */
const TLS = { rejectUnauthorized: true, minVersion: 'TLSv1.2' } as const;

/**
 * The one reason for everything that goes wrong up to TLS with WhatsApp. Differences would tell the owner of the proxy, who chose
 * its host and port, which machines and services there are around this one. The cause is in the log.
 */
class ProxyUnusable extends Error {
  /** The library takes codes that begin with E for a connection that was never made. */
  readonly code = 'EPROXY';
  constructor() {
    super('the proxy could not be used');
    this.name = 'ProxyUnusable';
  }
}

/** Agents that carry sockets through the proxies of instances, which must be public unless the operator allows others. */
@Injectable()
export class ProxyAgents {
  private readonly rules: TargetRules;

  constructor(
    config: AppConfig,
    private readonly clock: Clock,
    private readonly log: Log,
    @Optional() private readonly resolve: ResolveHost = hostResolver(),
  ) {
    this.rules = { allowPrivate: config.proxyAllowPrivate };
  }

  /** `undefined`: there is no proxy. @param instanceId whose connection it is, for the log */
  for(proxy: NetworkProxy | null, instanceId?: string): Agent | undefined {
    if (!proxy) return undefined;
    const { rules, resolve, clock } = this;
    const report = (cause: unknown) => this.report(proxy, instanceId, cause);
    return new ProxyAgent(proxy, { rules, resolve, clock, owner: instanceId ?? '', report });
  }

  private report({ protocol, host, port }: NetworkProxy, instanceId: string | undefined, cause: unknown) {
    const code = errorCodeOf(cause) ?? errorCodeOf(cause instanceof LookupFailure && cause.cause);
    this.log.warn('A proxy could not be used', {
      ...(instanceId !== undefined && { instanceId }),
      protocol,
      host,
      port,
      ...(code !== undefined && { code }),
      reason: maskNumbersIn(messageOf(cause).trim()),
    });
  }
}

interface ProxyTools {
  readonly rules: TargetRules;
  readonly resolve: ResolveHost;
  readonly clock: Clock;
  /** Among whom look-ups are shared fairly. */
  readonly owner: string;
  readonly report: (cause: unknown) => void;
}

/** CONNECT for http and https proxies, SOCKS5 with names resolved by the proxy. TLS to WhatsApp is verified as without a proxy. */
class ProxyAgent extends SocketAgent {
  constructor(
    private readonly proxy: NetworkProxy,
    private readonly tools: ProxyTools,
  ) {
    super();
  }

  /** @throws ProxyUnusable */
  override async connect(request: ClientRequest, destination: AgentConnectOpts): Promise<Socket> {
    const sockets: Socket[] = [];
    let limit: Timer | undefined;
    const tooLate = new Promise<never>((_, reject) => {
      limit = this.tools.clock.schedule(OPENING_LIMIT_MS, () =>
        reject(new Error('no connection through the proxy within 15 seconds')),
      );
    });
    const using = <S extends Socket>(socket: S): S => {
      sockets.push(socket.on('error', ignore)); // those who use it get its errors by listeners of their own
      return socket;
    };
    try {
      return await Promise.race([this.open(request, destination, using), tooLate]);
    } catch (cause) {
      for (const socket of sockets) socket.destroy();
      if (!request.destroyed) this.tools.report(cause);
      throw new ProxyUnusable();
    } finally {
      limit?.cancel();
    }
  }

  private async open(
    request: ClientRequest,
    destination: AgentConnectOpts,
    using: <S extends Socket>(socket: S) => S,
  ): Promise<Socket> {
    const tunnel = await this.reachProxy(using);
    const { host = '', port } = destination;
    await openTunnel(tunnel, this.proxy, { host, port: Number(port) });
    request.once('socket', (socket: Socket) => socket.resume());
    if (!destination.secureEndpoint) return tunnel;
    const servername = destination.servername ?? nameFor(host);
    return secured(using(connectTls({ ...destination, path: undefined, servername, socket: tunnel })));
  }

  private async reachProxy(using: <S extends Socket>(socket: S) => S): Promise<Socket> {
    const { protocol, port } = this.proxy;
    const { rules, resolve, owner } = this.tools;
    const host = this.proxy.host.replace(/\.$/, ''); // the dot of the root is in no certificate
    if (isIP(host) !== 0 && !isAllowedAddress(host, rules)) throw new LookupFailure('target_refused');
    const lookup = checkedLookup(resolve, rules, owner);
    const socket = using(connectTcp({ host, port, lookup, autoSelectFamily: true }));
    await settled(socket, 'connect');
    if (!isAllowedAddress(socket.remoteAddress ?? '', rules)) throw new LookupFailure('target_refused');
    if (protocol !== 'https') return socket;
    return secured(using(connectTls({ ...TLS, host, servername: nameFor(host), socket })));
  }
}

/** TLS asks for the name of the host; an address is no name. */
function nameFor(host: string): string {
  return isIP(host) ? '' : host;
}

async function secured(socket: TLSSocket): Promise<TLSSocket> {
  await settled(socket, 'secureConnect');
  return socket;
}

function settled(socket: Socket, event: 'connect' | 'secureConnect'): Promise<void> {
  return new Promise((resolve, reject) => {
    let failure = new Error('the connection was closed');
    socket
      .once(event, resolve)
      .once('error', (cause) => (failure = cause))
      .once('close', () => reject(failure));
  });
}

/** By shape, as `errorCodeOf`. */
function messageOf(error: unknown): string {
  return typeof error === 'object' && error !== null && 'message' in error
    ? String(error.message)
    : String(error);
}

function ignore(): void {}
