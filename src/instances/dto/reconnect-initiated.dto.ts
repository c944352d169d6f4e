import { ApiProperty } from '@nestjs/swagger';
import { Answer } from './answer.dto.js';

export class ReconnectInitiated extends Answer {
  @ApiProperty({ description: 'What was done', example: 'Reconnect initiated' })
  override message: string;

  @ApiProperty({ description: 'The attempt has begun', example: 'connecting' })
  status: 'connecting';
}
