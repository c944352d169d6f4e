import { ApiProperty } from '@nestjs/swagger';

export class ListMeta {
  @ApiProperty({ description: 'Number of instances in this answer', type: 'integer', example: 1 })
  total: number;
}
