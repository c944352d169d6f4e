import { ApiProperty } from '@nestjs/swagger';

export class WebSocketView {
  @ApiProperty({ description: 'WebSocket clients are allowed', example: true })
  enabled: boolean;

  @ApiProperty({ description: 'Events that are sent; empty = all', type: [String], example: ['call.update'] })
  events: string[];
}
