import { ApiProperty } from '@nestjs/swagger';
import { VERSION_SOURCES, type VersionSource } from '../../whatsapp/client-version/client-version.js';
import { HealthChecksDto } from './health-checks.dto.js';

class WhatsAppWebVersionDto {
  @ApiProperty({ description: 'What sessions tell WhatsApp', example: '2.3000.1043857760' })
  version: string;

  @ApiProperty({
    description:
      '`environment`: set by the operator · `built-in`: brought by the library · `stored`: learned before the start · ' +
      '`learned`: asked of WhatsApp Web since the start',
    enum: VERSION_SOURCES,
    example: 'learned',
  })
  source: VersionSource;
}

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

  @ApiProperty({ description: 'Version of WhatsApp Web', type: WhatsAppWebVersionDto })
  whatsappWebVersion: WhatsAppWebVersionDto;
}
