import { ApiProperty } from '@nestjs/swagger';
import { Answer } from './answer.dto.js';
import { CreatedInstance } from './created-instance.dto.js';

export class InstanceCreated extends Answer {
  @ApiProperty({ description: 'What was done', example: 'Instance created' })
  override message: string;

  @ApiProperty({ description: 'The new instance', type: CreatedInstance })
  instance: CreatedInstance;
}
