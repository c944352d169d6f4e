import { ApiProperty } from '@nestjs/swagger';
import { WebhookCountersView } from './webhook-counters-view.dto.js';

const TIME = '2026-01-31T12:00:00.000Z';

/** A webhook without its secrets. */
export class WebhookView {
  @ApiProperty({ description: 'Label, unique on the instance', example: 'default' })
  label: string;

  @ApiProperty({ description: 'Events are sent', example: true })
  enabled: boolean;

  @ApiProperty({
    description:
      'Target: scheme, host and port. Path and query are encrypted at rest and never returned; `/***` stands for them',
    type: String,
    nullable: true,
    example: 'https://example.com/***',
  })
  url: string | null;

  @ApiProperty({ description: 'An `Authorization` header is sent', example: true })
  hasAuthorization: boolean;

  @ApiProperty({
    description:
      'Further headers that are sent, by name; their values are encrypted at rest and never returned',
    type: 'object',
    additionalProperties: { type: 'string' },
    example: { 'X-Api-Key': '***' },
  })
  headers: Record<string, string>;

  @ApiProperty({ description: '`/<event>` is appended to the path of the URL', example: false })
  byEvents: boolean;

  @ApiProperty({ description: 'Events that are sent; empty = all', type: [String], example: ['call.update'] })
  events: string[];

  @ApiProperty({ description: 'Events are signed', example: true })
  hasSecret: boolean;

  @ApiProperty({
    description:
      'Why the webhook was disabled by the service: its receiver answered 410 Gone, or did nothing but fail for days. ' +
      'Enable it again once the receiver is repaired',
    type: String,
    nullable: true,
    example: null,
  })
  disabledReason: string | null;

  @ApiProperty({
    description: 'When the service disabled it',
    type: String,
    format: 'date-time',
    nullable: true,
    example: null,
  })
  disabledAt: string | null;

  @ApiProperty({ description: 'What became of its deliveries', type: WebhookCountersView })
  counters: WebhookCountersView;

  @ApiProperty({ description: 'When it was made', format: 'date-time', example: TIME })
  createdAt: string;

  @ApiProperty({ description: 'When its configuration last changed', format: 'date-time', example: TIME })
  updatedAt: string;
}
