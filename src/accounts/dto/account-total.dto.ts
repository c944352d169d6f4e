import { ApiProperty } from '@nestjs/swagger';
import { PageMeta } from '../../common/http/page-query.js';

export class AccountTotalDto extends PageMeta {
  @ApiProperty({ description: 'Number of accounts, on all pages', type: 'integer', example: 1 })
  total: number;
}
