import { ApiProperty } from '@nestjs/swagger';
import { Answer } from '../../instances/dto/answer.dto.js';
import { WebSocketView } from './websocket-view.dto.js';

export class WebSocketRetrieved extends Answer {
  @ApiProperty({ description: 'What was done', example: 'WebSocket retrieved successfully' })
  override message: string;

  @ApiProperty({ description: 'The WebSocket', type: WebSocketView })
  websocket: WebSocketView;
}
