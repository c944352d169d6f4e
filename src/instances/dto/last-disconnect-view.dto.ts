import { ApiProperty } from '@nestjs/swagger';

export class LastDisconnectView {
  @ApiProperty({ description: 'Code of WhatsApp or of the library', type: 'integer', example: 428 })
  code: number;

  @ApiProperty({ description: 'The code in words', example: 'Connection closed' })
  reason: string;

  @ApiProperty({ description: 'When it happened', format: 'date-time', example: '2026-01-31T12:00:00.000Z' })
  at: string;
}
