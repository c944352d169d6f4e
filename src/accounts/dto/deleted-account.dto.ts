import { ApiProperty } from '@nestjs/swagger';

export class DeletedAccountDto {
  @ApiProperty({ enum: ['deleted'], example: 'deleted' })
  status: 'deleted';
}
