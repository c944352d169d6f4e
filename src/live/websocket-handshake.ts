import { Injectable } from '@nestjs/common';
import { ServerResponse, type IncomingMessage } from 'node:http';
import { WebSocketServer, type WebSocket } from 'ws';
import { answerClientError } from '../common/http/client-error.js';
import { ANSWERED_OTHERWISE } from '../common/http/request-reports.js';
import type { PendingUpgrade } from './websocket-upgrades.js';

/** Nothing that a client sends is of use; what is longer closes the connection with 1009. */
const MAX_MESSAGE_BYTES = 1024;

const SWITCHING_PROTOCOLS = 101;
const BAD_REQUEST = 400;

/** Headers that every answer of the API has, the one that opens a WebSocket too. */
const TOLD = /^x-(request-id|ratelimit-)/;

/** The opening handshake of RFC 6455, without compression: each stream would cost memory, and events are small. */
@Injectable()
export class WebSocketHandshake {
  private readonly server = new WebSocketServer({
    noServer: true,
    clientTracking: false,
    perMessageDeflate: false,
    maxPayload: MAX_MESSAGE_BYTES,
  });
  private readonly responses = new WeakMap<IncomingMessage, ServerResponse>();

  constructor() {
    this.server.on('wsClientError', answerClientError);
    this.server.on('headers', (headers, request) => {
      for (const [name, value] of Object.entries(this.responses.get(request)?.getHeaders() ?? {})) {
        if (TOLD.test(name)) headers.push(`${name}: ${String(value)}`);
      }
    });
  }

  /** Opens the WebSocket, before this returns; a request that is no correct handshake is refused instead. */
  complete({ request, response, socket, head }: PendingUpgrade, opened: (socket: WebSocket) => void): void {
    this.responses.set(request, response);
    response.detachSocket(socket);
    let isOpen = false;
    this.server.handleUpgrade(request, socket, head, (webSocket) => {
      isOpen = true;
      opened(webSocket);
    });
    response.emit(ANSWERED_OTHERWISE, isOpen ? SWITCHING_PROTOCOLS : BAD_REQUEST);
  }
}
