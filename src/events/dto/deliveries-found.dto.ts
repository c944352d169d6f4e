import { ApiProperty } from '@nestjs/swagger';
import { Answer } from '../../instances/dto/answer.dto.js';
import { DeliveryView } from './delivery-view.dto.js';

export class DeliveriesFound extends Answer {
  @ApiProperty({ description: 'How many were found', example: '1 Deliveries found' })
  override message: string;

  @ApiProperty({ description: 'Newest first', type: [DeliveryView] })
  deliveries: DeliveryView[];
}
