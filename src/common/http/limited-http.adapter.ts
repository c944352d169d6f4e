import { createServer } from 'node:http';
import { ExpressAdapter } from '@nestjs/platform-express';
import { continueWhenRead } from './body-bytes.js';
import { answerClientError } from './client-error.js';
import { HTTP_LIMITS, httpServerOptions } from './http-limits.js';

export interface ConnectionLimits {
  readonly requestTimeoutMs: number;
  /** Open connections; one more is closed at once. */
  readonly maxConnections: number;
}

/** Express on a server whose limits are set when it is made, which is the only moment for some of them. */
export class LimitedHttpAdapter extends ExpressAdapter {
  constructor(private readonly limits: ConnectionLimits) {
    super();
  }

  override initHttpServer(): void {
    const server = createServer(httpServerOptions(this.limits.requestTimeoutMs), this.getInstance());
    server.maxConnections = this.limits.maxConnections;
    // One more than allowed, so that the excess is seen and answered instead of cut off silently.
    server.maxHeadersCount = HTTP_LIMITS.headerCount + 1;
    // An expectation that nobody can meet is ignored, where Node would answer without the envelope.
    server.on('checkExpectation', (request, response) => server.emit('request', request, response));
    server.on('checkContinue', (request, response) => {
      continueWhenRead(request, response);
      server.emit('request', request, response);
    });
    server.on('clientError', answerClientError);
    this.setHttpServer(server);
  }

  /** The framework's answer to an unknown route covers the prefix only; `answerUnrouted` has one for all. */
  override setNotFoundHandler(): void {
    // Nothing to register.
  }
}
