import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';

export class HealthChecksDto {
  @ApiProperty({ description: '`ok` or `fail: <reason>`', example: 'ok' })
  db: string;

  @ApiPropertyOptional({
    description: 'Only in `/health/ready`, and only when the process takes no requests: it is stopping',
    example: 'fail: this process is stopping',
  })
  process?: string;

  @ApiPropertyOptional({
    description:
      '`ok` or `fail: <reason>`; only where `NATS_URL` is set, and without a say in `/health/ready`',
    example: 'ok',
  })
  nats?: string;
}
