import { ApiProperty } from '@nestjs/swagger';
import { Answer } from '../../instances/dto/answer.dto.js';
import { DeliveryView } from './delivery-view.dto.js';

export class DeliveryQueued extends Answer {
  @ApiProperty({ description: 'What was done', example: 'Delivery queued' })
  override message: string;

  @ApiProperty({ description: 'The delivery, pending again', type: DeliveryView })
  delivery: DeliveryView;
}
