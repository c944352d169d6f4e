import { ApiProperty } from '@nestjs/swagger';
import { HealthChecksDto } from './health-checks.dto.js';

export class HealthReportDto {
  @ApiProperty({ description: '`degraded` when any check fails', enum: ['ok', 'degraded'], example: 'ok' })
  status: 'ok' | 'degraded';

  @ApiProperty({ example: 'Ringdrop' })
  service: string;

  @ApiProperty({ example: '0.1.0' })
  version: string;

  @ApiProperty({ description: 'Seconds since the process started', type: 'integer', example: 3600 })
  uptime: number;

  @ApiProperty({ description: 'RFC 3339, UTC', format: 'date-time', example: '2026-03-01T09:30:00.000Z' })
  timestamp: string;

  @ApiProperty({ type: HealthChecksDto })
  checks: HealthChecksDto;
}
