import { ApiProperty } from '@nestjs/swagger';
import { DeletedAccountDto } from './deleted-account.dto.js';

export class AccountDeletedAnswerDto {
  @ApiProperty({ example: true })
  success: boolean;

  @ApiProperty({ example: 'Account deleted' })
  message: string;

  @ApiProperty({ type: DeletedAccountDto })
  account: DeletedAccountDto;
}
