import { ApiProperty } from '@nestjs/swagger';
import { AccountDto } from './account.dto.js';

export class AccountAnswerDto {
  @ApiProperty({ example: true })
  success: boolean;

  @ApiProperty({ example: 'Account updated' })
  message: string;

  @ApiProperty({ type: AccountDto })
  account: AccountDto;
}
