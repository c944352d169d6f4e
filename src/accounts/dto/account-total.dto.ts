import { ApiProperty } from '@nestjs/swagger';

export class AccountTotalDto {
  @ApiProperty({ description: 'Number of accounts', type: 'integer', example: 1 })
  total: number;
}
