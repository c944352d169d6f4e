import { ApiProperty } from '@nestjs/swagger';

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
