import { ApiProperty } from '@nestjs/swagger';
import { IsFilled, IsTextIfGiven } from '../../common/http/text.validators.js';

export class ReplayBody {
  @ApiProperty({
    description: 'Id of a delivery, from the list of deliveries',
    format: 'uuid',
    example: '5d0a1a5e-6c0e-4c5a-9a53-0b0c6b0a5f11',
  })
  @IsTextIfGiven()
  @IsFilled()
  id: string;
}
