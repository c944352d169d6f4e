import { ApiProperty } from '@nestjs/swagger';
import { PageMeta } from '../../common/http/page-query.js';
import { Answer } from '../../instances/dto/answer.dto.js';
import { WebhookView } from './webhook-view.dto.js';

/** The answer when no label was asked for. */
export class WebhooksRetrieved extends Answer {
  @ApiProperty({ description: 'What was done', example: 'Webhooks retrieved successfully' })
  override message: string;

  @ApiProperty({ description: 'Webhooks, sorted by label', type: [WebhookView] })
  webhooks: WebhookView[];

  @ApiProperty({ description: 'About the list', type: PageMeta })
  meta: PageMeta;
}
