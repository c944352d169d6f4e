import { ApiProperty } from '@nestjs/swagger';
import { Answer } from './answer.dto.js';
import { LoggedOutInstance } from './logged-out-instance.dto.js';

export class InstanceLoggedOut extends Answer {
  @ApiProperty({ description: 'What was done', example: 'Instance logged out' })
  override message: string;

  @ApiProperty({ description: 'The instance from now on', type: LoggedOutInstance })
  instance: LoggedOutInstance;
}
