import { ApiPropertyOptional } from '@nestjs/swagger';
import { WebhookView } from './webhook-view.dto.js';

/** A webhook right after its configuration. */
export class ConfiguredWebhookView extends WebhookView {
  @ApiPropertyOptional({
    description: 'The signing secret, only in the answer to the request that made it at random',
    example: 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwKJpbm1vdGhl',
  })
  secret?: string;
}
