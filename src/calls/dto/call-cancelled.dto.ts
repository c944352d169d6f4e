import { ApiProperty } from '@nestjs/swagger';
import { CallDto } from './call.dto.js';

export class CallCancelledDto {
  @ApiProperty({ type: Boolean, description: 'Always true', example: true })
  success: true;

  @ApiProperty({ description: 'What was done', example: 'Call cancelled' })
  message: string;

  @ApiProperty({ description: 'The call as it ended', type: CallDto })
  call: CallDto;
}
