import { ApiProperty } from '@nestjs/swagger';
import { Answer } from '../../instances/dto/answer.dto.js';
import { WebhookView } from './webhook-view.dto.js';

/** The answer when a label was asked for. */
export class WebhookRetrieved extends Answer {
  @ApiProperty({ description: 'What was done', example: 'Webhook retrieved successfully' })
  override message: string;

  @ApiProperty({ description: 'The webhook with the label', type: WebhookView })
  webhook: WebhookView;
}
