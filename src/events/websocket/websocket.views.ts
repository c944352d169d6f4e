import type { WebSocketConfigured } from '../dto/websocket-configured.dto.js';
import type { WebSocketRetrieved } from '../dto/websocket-retrieved.dto.js';
import type { WebSocketSettings } from './websocket-settings.repository.js';

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
