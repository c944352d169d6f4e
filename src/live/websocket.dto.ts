import { EventTypes, RequiredFlag } from '../instances/dto/body-rules.js';
import { distinct } from '../webhooks/store/webhook-wish.js';
import type { WebSocketChange, WebSocketSettings } from './websocket-settings.repository.js';
import { ApiProperty } from '@nestjs/swagger';
import { Answer } from '../instances/dto/answer.dto.js';

export class WebSocketBody {
  @RequiredFlag({ description: 'Allow WebSocket clients of this instance', example: true })
  enabled: boolean;

  @EventTypes({
    description:
      'Events to send; empty = all. `call.update` and `instance.state` are emitted; the others are names of the RyzeAPI ' +
      'catalogue that are accepted and never sent',
    example: ['call.update'],
  })
  events?: string[] | null;

  toChange(): WebSocketChange {
    return { enabled: this.enabled, ...(this.events && { events: distinct(this.events) }) };
  }
}

export class WebSocketView {
  @ApiProperty({ description: 'WebSocket clients are allowed', example: true })
  enabled: boolean;

  @ApiProperty({ description: 'Events that are sent; empty = all', type: [String], example: ['call.update'] })
  events: string[];
}

export class WebSocketConfigured extends Answer {
  @ApiProperty({ description: 'What was done', example: 'WebSocket configured successfully' })
  override message: string;

  @ApiProperty({ description: 'The WebSocket after the change', type: WebSocketView })
  websocket: WebSocketView;
}

export class WebSocketRetrieved extends Answer {
  @ApiProperty({ description: 'What was done', example: 'WebSocket retrieved successfully' })
  override message: string;

  @ApiProperty({ description: 'The WebSocket', type: WebSocketView })
  websocket: WebSocketView;
}

export function toWebSocketConfigured({ enabled, events }: WebSocketSettings): WebSocketConfigured {
  return {
    success: true,
    message: 'WebSocket configured successfully',
    websocket: { enabled, events: [...events] },
  };
}

export function toWebSocketRetrieved({ enabled, events }: WebSocketSettings): WebSocketRetrieved {
  return {
    success: true,
    message: 'WebSocket retrieved successfully',
    websocket: { enabled, events: [...events] },
  };
}
