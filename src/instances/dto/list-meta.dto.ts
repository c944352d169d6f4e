import { ApiProperty } from '@nestjs/swagger';
import { PageMeta } from '../../common/http/page-query.js';

export class ListMeta extends PageMeta {
  @ApiProperty({ description: 'How many were found, on all pages', type: 'integer', example: 1 })
  total: number;
}
