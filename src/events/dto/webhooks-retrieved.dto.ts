import { ApiProperty } from '@nestjs/swagger';
import { Answer } from '../../instances/dto/answer.dto.js';
import { WebhookView } from './webhook-view.dto.js';

/** The answer when no label was asked for. */
export class WebhooksRetrieved extends Answer {
  @ApiProperty({ description: 'What was done', example: 'Webhooks retrieved successfully' })
  override message: string;

  @ApiProperty({ description: 'All webhooks, sorted by label', type: [WebhookView] })
  webhooks: WebhookView[];
}
