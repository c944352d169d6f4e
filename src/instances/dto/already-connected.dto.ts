import { ApiProperty } from '@nestjs/swagger';
import { Answer } from './answer.dto.js';

export class AlreadyConnected extends Answer {
  @ApiProperty({ description: 'Nothing had to be done', example: 'Instance already connected' })
  override message: string;

  @ApiProperty({ description: 'The phone is linked and online', example: 'connected' })
  status: 'connected';
}
