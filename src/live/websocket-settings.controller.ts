import { Body, Controller, Get, HttpCode, Param, Post } from '@nestjs/common';
import { ApiBody, ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import { ApiErrors } from '../common/http/api-errors.js';
import { CurrentCaller, type TenantCaller } from '../common/http/caller.js';
import { InstanceRoute } from '../common/http/instance-route.js';
import {
  WebSocketBody,
  WebSocketConfigured,
  WebSocketRetrieved,
  toWebSocketConfigured,
  toWebSocketRetrieved,
} from './websocket.dto.js';
import { WEBSOCKET_ERRORS } from './error-rows.js';
import { WebSocketSettingsService } from './websocket-settings.service.js';

const EXAMPLES = {
  all: { summary: 'All events', value: { enabled: true, events: [] } },
  calls: { summary: 'Calls only', value: { enabled: true, events: ['call.update'] } },
  off: { summary: 'Off', value: { enabled: false } },
};

@ApiTags('Events')
@Controller('events')
export class WebSocketSettingsController {
  constructor(private readonly settings: WebSocketSettingsService) {}

  @InstanceRoute(Post, 'websocket')
  @HttpCode(200)
  @ApiOperation({
    summary: 'Configure the WebSocket',
    description:
      'Allows `GET /ws/{instance}`, or ends it. A list of events that is left out stays as it is. Connections that are ' +
      'open follow at once.',
  })
  @ApiBody({ type: WebSocketBody, examples: EXAMPLES })
  @ApiResponse({ status: 200, description: 'The WebSocket as it is now', type: WebSocketConfigured })
  @ApiErrors(
    { ...WEBSOCKET_ERRORS.invalidBody, message: 'Invalid request body: enabled is required' },
    WEBSOCKET_ERRORS.notFound,
  )
  async configure(
    @CurrentCaller() caller: TenantCaller,
    @Param('instance') instance: string,
    @Body() body: WebSocketBody,
  ): Promise<WebSocketConfigured> {
    return toWebSocketConfigured(await this.settings.configure(caller, instance, body.toChange()));
  }

  @InstanceRoute(Get, 'getWebsocket')
  @ApiOperation({ summary: 'Show the WebSocket' })
  @ApiResponse({ status: 200, description: 'The WebSocket', type: WebSocketRetrieved })
  @ApiErrors(WEBSOCKET_ERRORS.notFound, WEBSOCKET_ERRORS.webSocketNotConfigured)
  async read(
    @CurrentCaller() caller: TenantCaller,
    @Param('instance') instance: string,
  ): Promise<WebSocketRetrieved> {
    return toWebSocketRetrieved(await this.settings.read(caller, instance));
  }
}
