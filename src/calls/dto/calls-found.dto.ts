import { ApiProperty } from '@nestjs/swagger';
import { CallDto } from './call.dto.js';
import { CallsMetaDto } from './calls-meta.dto.js';

export class CallsFoundDto {
  @ApiProperty({ type: Boolean, description: 'Always true', example: true })
  success: true;

  @ApiProperty({ description: 'How many calls are on this page', example: '1 Calls found' })
  message: string;

  @ApiProperty({ description: 'Newest first', type: [CallDto] })
  calls: CallDto[];

  @ApiProperty({ type: CallsMetaDto, description: 'How to get the next page' })
  meta: CallsMetaDto;
}
