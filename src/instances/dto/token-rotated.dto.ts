import { ApiProperty } from '@nestjs/swagger';
import { Answer } from './answer.dto.js';
import { InstanceWithToken } from './instance-with-token.dto.js';

export class TokenRotated extends Answer {
  @ApiProperty({ description: 'What was done', example: 'Token rotated' })
  override message: string;

  @ApiProperty({ description: 'The instance with its new token', type: InstanceWithToken })
  instance: InstanceWithToken;
}
