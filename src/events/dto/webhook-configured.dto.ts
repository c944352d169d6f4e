import { ApiProperty } from '@nestjs/swagger';
import { Answer } from '../../instances/dto/answer.dto.js';
import { ConfiguredWebhookView } from './configured-webhook-view.dto.js';

export class WebhookConfigured extends Answer {
  @ApiProperty({ description: 'What was done', example: 'Webhook configured successfully' })
  override message: string;

  @ApiProperty({ description: 'The webhook after the change', type: ConfiguredWebhookView })
  webhook: ConfiguredWebhookView;
}
