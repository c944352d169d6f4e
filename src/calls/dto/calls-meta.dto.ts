import { ApiProperty } from '@nestjs/swagger';
import { CURSOR_EXAMPLE } from '../call-cursor.js';

export class CallsMetaDto {
  @ApiProperty({
    type: String,
    nullable: true,
    description:
      '`cursor` of the next page; `null` on the last one. Good at this instance only, and as long as the encryption key of ' +
      'the installation is there',
    example: CURSOR_EXAMPLE,
  })
  nextCursor: string | null;
}
