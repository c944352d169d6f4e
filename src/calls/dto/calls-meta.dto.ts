import { ApiProperty } from '@nestjs/swagger';

export class CallsMetaDto {
  @ApiProperty({
    type: String,
    nullable: true,
    description: '`cursor` of the next page; `null` on the last one',
    example: 'MTIzNA',
  })
  nextCursor: string | null;
}
