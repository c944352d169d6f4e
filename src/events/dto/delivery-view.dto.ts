import { ApiProperty } from '@nestjs/swagger';
import { DELIVERY_STATUSES, type DeliveryStatus } from '../delivery-values.js';

const TIME = '2026-01-31T12:00:00.000Z';

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
