import { ApiProperty } from '@nestjs/swagger';
import { CallDto } from './call.dto.js';

export class CallFoundDto {
  @ApiProperty({ type: Boolean, description: 'Always true', example: true })
  success: true;

  @ApiProperty({ description: 'What was done', example: 'Call found' })
  message: string;

  @ApiProperty({ description: 'The call as it is now', type: CallDto })
  call: CallDto;
}
