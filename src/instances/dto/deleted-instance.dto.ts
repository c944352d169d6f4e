import { ApiProperty } from '@nestjs/swagger';

export class DeletedInstance {
  @ApiProperty({ description: 'It is gone', example: 'deleted' })
  status: 'deleted';
}
