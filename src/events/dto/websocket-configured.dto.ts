import { ApiProperty } from '@nestjs/swagger';
import { Answer } from '../../instances/dto/answer.dto.js';
import { WebSocketView } from './websocket-view.dto.js';

export class WebSocketConfigured extends Answer {
  @ApiProperty({ description: 'What was done', example: 'WebSocket configured successfully' })
  override message: string;

  @ApiProperty({ description: 'The WebSocket after the change', type: WebSocketView })
  websocket: WebSocketView;
}
