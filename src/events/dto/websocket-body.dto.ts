import { EventTypes } from '../../instances/dto/body-rules.js';
import { distinct } from '../../instances/dto/event-types.js';
import { RequiredFlag } from './required-flag.js';
import type { WebSocketChange } from '../websocket/websocket-settings.repository.js';

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
