import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { Answer } from './answer.dto.js';
import { CreatedInstance } from './created-instance.dto.js';
import { CreatedWebhook } from './created-webhook.dto.js';

export class InstanceCreated extends Answer {
  @ApiProperty({ description: 'What was done', example: 'Instance created' })
  override message: string;

  @ApiProperty({ description: 'The new instance', type: CreatedInstance })
  instance: CreatedInstance;

  @ApiPropertyOptional({
    description: 'Only when the request enabled a webhook: what its deliveries are signed with',
    type: CreatedWebhook,
  })
  webhook?: CreatedWebhook;
}
