import { ApiProperty } from '@nestjs/swagger';
import { AccountDto } from './account.dto.js';
import { AccountTotalDto } from './account-total.dto.js';

export class AccountListAnswerDto {
  @ApiProperty({ example: true })
  success: boolean;

  @ApiProperty({ example: '1 Account found' })
  message: string;

  @ApiProperty({ type: [AccountDto], description: 'In the order of their names' })
  accounts: AccountDto[];

  @ApiProperty({ type: AccountTotalDto })
  meta: AccountTotalDto;
}
