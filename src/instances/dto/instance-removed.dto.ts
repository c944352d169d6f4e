import { ApiProperty } from '@nestjs/swagger';
import { Answer } from './answer.dto.js';
import { DeletedInstance } from './deleted-instance.dto.js';

export class InstanceRemoved extends Answer {
  @ApiProperty({ description: 'What was done', example: 'Instance deleted' })
  override message: string;

  @ApiProperty({ description: 'What became of the instance', type: DeletedInstance })
  instance: DeletedInstance;
}
