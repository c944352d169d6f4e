import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';

export class HealthChecksDto {
  @ApiProperty({ description: '`ok` or `fail: <reason>`', example: 'ok' })
  db: string;

  @ApiPropertyOptional({
    description:
      'Only when the process is of no use: in `/health/ready` while it is stopping, and in `/health` too when it can do nothing ' +
      'any more and ends by itself, as when another process has taken its database over',
    example: 'fail: another process works on the database',
  })
  process?: string;

  @ApiPropertyOptional({
    description:
      '`ok` or `fail: <reason>`; only where `NATS_URL` is set, and without a say in `/health/ready`',
    example: 'ok',
  })
  nats?: string;
}
