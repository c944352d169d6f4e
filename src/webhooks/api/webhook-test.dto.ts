import { ApiProperty } from '@nestjs/swagger';
import { Answer } from '../../instances/dto/answer.dto.js';
import { Text } from '../../instances/dto/body-rules.js';
import { DEFAULT_WEBHOOK_LABEL } from '../store/webhook-values.js';

export class WebhookTestBody {
  @Text(100, { description: 'Label of the webhook to try', example: DEFAULT_WEBHOOK_LABEL })
  label?: string | null;

  toLabel(): string {
    return this.label?.trim() || DEFAULT_WEBHOOK_LABEL;
  }
}

/** What came of a test. */
export class WebhookTestView {
  @ApiProperty({
    description: 'Id of the event that was sent: its `webhook-id`',
    format: 'uuid',
    example: '0d9f3c1e-2f55-4c39-8a53-8f1f6a0b7c11',
  })
  eventId: string;

  @ApiProperty({ description: 'Label of the webhook', example: 'default' })
  label: string;

  @ApiProperty({ description: 'It was answered with 2xx', example: true })
  delivered: boolean;

  @ApiProperty({
    description: 'HTTP status of the answer; `null` when there was none',
    type: 'integer',
    nullable: true,
    example: 200,
  })
  responseStatus: number | null;

  @ApiProperty({
    description: 'Milliseconds from the look-up of the name to the end of the answer',
    type: 'integer',
    example: 84,
  })
  durationMs: number;

  @ApiProperty({
    description:
      'The first 1000 characters of the answer in one line, `***` in the place of secrets of the webhook; `null` when there was none',
    type: String,
    nullable: true,
    example: 'ok',
  })
  response: string | null;

  @ApiProperty({
    description: 'Why it was no success, as deliveries say it; `null` when it was one',
    type: String,
    nullable: true,
    example: null,
  })
  error: string | null;
}

export class WebhookTested extends Answer {
  @ApiProperty({ description: 'What came of it', example: 'Webhook test delivered' })
  override message: string;

  @ApiProperty({ description: 'The test', type: WebhookTestView })
  test: WebhookTestView;
}
