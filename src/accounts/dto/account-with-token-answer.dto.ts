import { ApiProperty } from '@nestjs/swagger';
import { AccountWithTokenDto } from './account-with-token.dto.js';

export class AccountWithTokenAnswerDto {
  @ApiProperty({ example: true })
  success: boolean;

  @ApiProperty({ example: 'Account created' })
  message: string;

  @ApiProperty({ type: AccountWithTokenDto })
  account: AccountWithTokenDto;
}
