import { Inject, Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { Server, ServerResponse, type IncomingMessage } from 'node:http';
import { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { FairTurns } from '../common/async/fair-turns.js';
import { ANSWERED_OTHERWISE } from '../common/http/request-reports.js';
import { clientNetwork } from '../common/net/client-network.js';
import { AppConfig } from '../config/app-config.js';
import { headWithoutUpgrade, isWebSocketUpgrade, moveTokenToHeader } from './upgrade-request.js';

/** Handshakes of one address in work whose clients wait for them; further ones wait, and count as idle connections. */
const HANDSHAKES_PER_ADDRESS = 16;

/** A connection whose client asks for a WebSocket and waits for the answer. */
export interface PendingUpgrade {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly socket: Socket;
  /** What the client sent right behind its request. */
  readonly head: Buffer;
}

/**
 * Takes the requests that want to change the protocol out of the HTTP server. One for a WebSocket walks through the
 * application as any other, so that token, rate limit, path and error answers are the same everywhere; its route asks
 * here for the connection behind it. An offer of another protocol is ignored and the request served as it is: some HTTP
 * clients offer HTTP/2 with every request.
 */
@Injectable()
export class WebSocketUpgrades implements OnApplicationBootstrap {
  private readonly pending = new WeakMap<IncomingMessage, PendingUpgrade>();

  private readonly turns: FairTurns<string>;

  constructor(
    private readonly host: HttpAdapterHost,
    @Inject(AppConfig) { trustedProxies }: Pick<AppConfig, 'trustedProxies'>,
  ) {
    // Many clients share the address of a proxy.
    this.turns = new FairTurns(trustedProxies > 0 ? {} : { placesPerKey: HANDSHAKES_PER_ADDRESS });
  }

  onApplicationBootstrap(): void {
    const server: unknown = this.host.httpAdapter.getHttpServer();
    if (!isHttpServer(server)) throw new TypeError('WebSockets need an HTTP server');
    server.on('upgrade', (request, socket, head) => this.take(server, request, socket, head));
  }

  /** The connection behind a request; `undefined` for a request that asks for no WebSocket. */
  of(request: IncomingMessage): PendingUpgrade | undefined {
    return this.pending.get(request);
  }

  private take(server: Server, request: IncomingMessage, socket: Duplex, head: Buffer): void {
    const response = new ServerResponse(request);
    if (!(socket instanceof Socket) || !assign(response, socket)) {
      socket.destroy();
      return;
    }
    if (!isWebSocketUpgrade(request)) {
      response.detachSocket(socket);
      serveAsItIs(server, request, socket, head);
      return;
    }
    // Node has let go of the socket: without a listener a lost connection would end the process.
    socket.on('error', () => socket.destroy());
    response.shouldKeepAlive = false;
    response.once('finish', () => {
      response.detachSocket(socket);
      socket.destroySoon();
    });
    moveTokenToHeader(request);
    this.pending.set(request, { request, response, socket, head });
    const leave = this.turns.queue(clientNetwork(socket.remoteAddress), (turn) => {
      const end = (): void => turn.end();
      response.once('finish', end).once(ANSWERED_OTHERWISE, end);
      socket.once('close', end);
      server.emit('request', request, response);
    });
    socket.once('close', leave);
  }
}

function isHttpServer(server: unknown): server is Server {
  return server instanceof Server;
}

/** False for a request that was sent before the answer to the one before it: two answers would mix. */
function assign(response: ServerResponse, socket: Socket): boolean {
  try {
    response.assignSocket(socket);
    return true;
  } catch {
    return false;
  }
}

/** Gives the connection back to the server, to be read anew. */
function serveAsItIs(server: Server, request: IncomingMessage, socket: Socket, head: Buffer): void {
  socket.unshift(Buffer.concat([headWithoutUpgrade(request), head]));
  server.emit('connection', socket);
}
