import { Controller, Get, Param, Req, Res } from '@nestjs/common';
import { ApiOperation, ApiQuery, ApiResponse, ApiTags } from '@nestjs/swagger';
import type { Request, Response } from 'express';
import { ApiErrors } from '../common/http/api-errors.js';
import { CurrentCaller, LongWait, type TenantCaller } from '../common/http/caller.js';
import { InstanceRoute } from '../common/http/instance-route.js';
import { WEBSOCKET_ERRORS } from './error-rows.js';
import { WebSocketConnections } from './websocket-connections.js';
import { WebSocketUpgrades } from './websocket-upgrades.js';

const DESCRIPTION = `
Connect with a WebSocket client (\`wss://…/ws/shop\`); the page you are reading cannot try it out. Each event is one text
frame with the same JSON object that webhooks get, see **Webhooks** below. Only events that happen while the connection is
open are sent, each once; use a webhook for what must not be missed.

- The token stands in a header as everywhere, or, for browsers, in the address as \`?token=\`. A refused connection is an
  HTTP answer in the common error form.
- The server pings every 25 seconds and cuts a client that did not answer the ping before.
- What a client sends is ignored; a message of more than 1024 bytes closes the connection with 1009.
- A client that has more than 1 MiB unread is dropped with 1013.
- 1008: the token was replaced, the account disabled, the instance deleted, or its WebSocket switched off. 1001: the service
  is shutting down; connect again.
- At most 20 connections on one instance, and 1000 in one account (the operator may have set another number).
`.trim();

@ApiTags('Events')
@Controller()
export class WebSocketController {
  constructor(
    private readonly upgrades: WebSocketUpgrades,
    private readonly connections: WebSocketConnections,
  ) {}

  @InstanceRoute(Get, 'ws')
  @LongWait()
  @ApiOperation({ summary: 'Receive events over a WebSocket', description: DESCRIPTION })
  @ApiQuery({
    name: 'token',
    required: false,
    description: 'Token of the account or the instance, for clients that cannot send headers',
    schema: { type: 'string' },
  })
  @ApiResponse({ status: 101, description: 'The WebSocket is open' })
  @ApiErrors(
    WEBSOCKET_ERRORS.webSocketNotEnabled,
    WEBSOCKET_ERRORS.webSocketExpected,
    WEBSOCKET_ERRORS.badHandshake,
    WEBSOCKET_ERRORS.notFound,
    WEBSOCKET_ERRORS.tooManyWebSockets,
    WEBSOCKET_ERRORS.tooManyAccountWebSockets,
    WEBSOCKET_ERRORS.shuttingDown,
  )
  async open(
    @CurrentCaller() caller: TenantCaller,
    @Param('instance') instance: string,
    @Req() request: Request,
    // Asked for so that the framework leaves the answer to the handshake.
    @Res() _response: Response,
  ): Promise<void> {
    await this.connections.open(caller, instance, this.upgrades.of(request));
  }
}
