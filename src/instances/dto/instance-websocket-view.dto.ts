import { ApiProperty } from '@nestjs/swagger';

export class InstanceWebSocketView {
  @ApiProperty({ description: 'WebSocket clients are allowed', example: false })
  enabled: boolean;

  @ApiProperty({ description: 'Events that are sent', type: [String], example: [] })
  events: string[];
}
