import { ApiProperty } from '@nestjs/swagger';
import { AccountDto } from './account.dto.js';

/** An account with a new token. */
export class AccountWithTokenDto extends AccountDto {
  @ApiProperty({
    description: 'The TokenAccount, shown this once; only its hash is stored',
    example: 'rda_Yh3mV0bq1pWc8sJ4kT7uXzR2nE5gL9aD6fH0iK1oP3Q',
  })
  token: string;
}
