import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { ExpressAdapter } from '@nestjs/platform-express';
import { continueWhenRead } from './body-bytes.js';
import type { Clock } from '../time/clock.js';
import { answerClientError } from './client-error.js';
import { ConnectionPlaces, type PlaceLimits } from './connection-places.js';
import { HTTP_LIMITS, httpServerOptions } from './http-limits.js';
import { restrictToProbes } from './probes-first.js';

/**
 * Connections that the system accepts before the process does; it has a limit of its own. It drops the SYN of any further one, and the
 * client sends it again a second later: with the 511 of Node, newcomers waited for that beside a crowd that was refused.
 */
const BACKLOG = 4096;
/** Connections to the listener for probes. */
const MAX_PROBES = 64;

export interface ConnectionLimits extends PlaceLimits {
  readonly requestTimeoutMs: number;
}

/** Express on a server whose limits are set when it is made, which is the only moment for some of them. */
export class LimitedHttpAdapter extends ExpressAdapter {
  constructor(
    private readonly limits: ConnectionLimits,
    private readonly clock: Pick<Clock, 'monotonicMs'>,
  ) {
    super();
  }

  override initHttpServer(): void {
    const server = this.createServer();
    new ConnectionPlaces(server, this.limits, this.clock);
    this.setHttpServer(server);
  }

  override listen(port: string | number, ...hostAndCallback: (string | (() => void) | undefined)[]): Server {
    const host = hostAndCallback.find((given) => typeof given === 'string');
    const onListening = hostAndCallback.find((given) => typeof given === 'function');
    return this.httpServer.listen({ port: Number(port), host, backlog: BACKLOG }, onListening);
  }

  /**
   * A small listener of its own for probes, which no crowd on the other one can hold up. It serves the same application.
   * @returns once it listens
   */
  async listenForProbes(host: string, port: number): Promise<Server> {
    const server = this.createServer();
    server.maxConnections = MAX_PROBES;
    server.on('connection', (socket) => restrictToProbes(socket, 'probe_port'));
    server.listen({ host, port });
    await once(server, 'listening');
    return server;
  }

  private createServer(): Server {
    const server = createServer(httpServerOptions(this.limits.requestTimeoutMs), this.getInstance());
    // One more than allowed, so that the excess is seen and answered instead of cut off silently.
    server.maxHeadersCount = HTTP_LIMITS.headerCount + 1;
    // An expectation that nobody can meet is ignored, where Node would answer without the envelope.
    server.on('checkExpectation', (request, response) => server.emit('request', request, response));
    server.on('checkContinue', (request, response) => {
      continueWhenRead(request, response);
      server.emit('request', request, response);
    });
    server.on('clientError', answerClientError);
    return server;
  }

  /** The framework's answer to an unknown route covers the prefix only; `answerUnrouted` has one for all. */
  override setNotFoundHandler(): void {
    // Nothing to register.
  }
}
