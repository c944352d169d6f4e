import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { PageMeta } from '../../common/http/page-query.js';
import { DELIVERY_STATUSES, type DeliveryStatus } from '../../deliveries/delivery-values.js';
import { Answer } from '../../instances/dto/answer.dto.js';

const TIME = '2026-01-31T12:00:00.000Z';

export class WebhookCountersView {
  @ApiProperty({ description: 'Deliveries that were answered with 2xx', type: 'integer', example: 128 })
  delivered: number;

  @ApiProperty({ description: 'Deliveries that were given up', type: 'integer', example: 0 })
  dead: number;

  @ApiProperty({ description: 'Attempts that were not answered with 2xx', type: 'integer', example: 2 })
  failedAttempts: number;

  @ApiProperty({
    description: 'When a delivery last succeeded',
    type: String,
    format: 'date-time',
    nullable: true,
    example: TIME,
  })
  lastSuccessAt: string | null;

  @ApiProperty({
    description: 'When an attempt last failed',
    type: String,
    format: 'date-time',
    nullable: true,
    example: TIME,
  })
  lastFailureAt: string | null;
}

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

/** A webhook right after its configuration. */
export class ConfiguredWebhookView extends WebhookView {
  @ApiPropertyOptional({
    description: 'The signing secret, only in the answer to the request that made it at random',
    example: 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwKJpbm1vdGhl',
  })
  secret?: string;
}

export class WebhookConfigured extends Answer {
  @ApiProperty({ description: 'What was done', example: 'Webhook configured successfully' })
  override message: string;

  @ApiProperty({ description: 'The webhook after the change', type: ConfiguredWebhookView })
  webhook: ConfiguredWebhookView;
}

/** The answer when a label was asked for. */
export class WebhookRetrieved extends Answer {
  @ApiProperty({ description: 'What was done', example: 'Webhook retrieved successfully' })
  override message: string;

  @ApiProperty({ description: 'The webhook with the label', type: WebhookView })
  webhook: WebhookView;
}

/** The answer when no label was asked for. */
export class WebhooksRetrieved extends Answer {
  @ApiProperty({ description: 'What was done', example: 'Webhooks retrieved successfully' })
  override message: string;

  @ApiProperty({ description: 'Webhooks, sorted by label', type: [WebhookView] })
  webhooks: WebhookView[];

  @ApiProperty({ description: 'About the list', type: PageMeta })
  meta: PageMeta;
}

/** One event on its way to one webhook. */
export class DeliveryView {
  @ApiProperty({
    description: 'Id of the delivery, for a replay',
    format: 'uuid',
    example: '5d0a1a5e-6c0e-4c5a-9a53-0b0c6b0a5f11',
  })
  id: string;

  @ApiProperty({
    description: 'Id of the event: the `id` in its body, which is the `webhook-id` of the request',
    format: 'uuid',
    example: '0d9f3c1e-2f55-4c39-8a53-8f1f6a0b7c11',
  })
  eventId: string;

  @ApiProperty({ description: 'Name of the event', example: 'call.update' })
  event: string;

  @ApiProperty({
    description: 'Call that the event is about, if it is about one',
    type: String,
    nullable: true,
    example: '00C28E4F5A1B2C3D4E5F60718293A4B5',
  })
  callId: string | null;

  @ApiProperty({
    description: 'State that the event reports',
    type: String,
    nullable: true,
    example: 'ringing',
  })
  state: string | null;

  @ApiProperty({ description: 'Label of the webhook', example: 'default' })
  label: string;

  @ApiProperty({
    description: '`dead` = given up after the last attempt, kept for a replay',
    enum: DELIVERY_STATUSES,
    example: 'delivered',
  })
  status: DeliveryStatus;

  @ApiProperty({ description: 'Attempts so far', type: 'integer', example: 1 })
  attempts: number;

  @ApiProperty({
    description: 'HTTP status of the last attempt; `null` when there was no answer',
    type: 'integer',
    nullable: true,
    example: 200,
  })
  responseStatus: number | null;

  @ApiProperty({ description: 'Why the last attempt failed', type: String, nullable: true, example: null })
  error: string | null;

  @ApiProperty({
    description:
      'When it is tried again; `null` when it is over or waits for an earlier event of the same call',
    type: String,
    format: 'date-time',
    nullable: true,
    example: null,
  })
  nextAttemptAt: string | null;

  @ApiProperty({ description: 'When it was queued', format: 'date-time', example: TIME })
  createdAt: string;

  @ApiProperty({
    description: 'When it was answered with 2xx',
    type: String,
    format: 'date-time',
    nullable: true,
    example: TIME,
  })
  deliveredAt: string | null;
}

export class DeliveriesFound extends Answer {
  @ApiProperty({ description: 'How many were found', example: '1 Deliveries found' })
  override message: string;

  @ApiProperty({ description: 'Newest first', type: [DeliveryView] })
  deliveries: DeliveryView[];
}

export class DeliveryQueued extends Answer {
  @ApiProperty({ description: 'What was done', example: 'Delivery queued' })
  override message: string;

  @ApiProperty({ description: 'The delivery, pending again', type: DeliveryView })
  delivery: DeliveryView;
}
