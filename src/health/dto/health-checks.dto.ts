import { ApiProperty } from '@nestjs/swagger';

export class HealthChecksDto {
  @ApiProperty({ description: '`ok` or `fail: <reason>`', example: 'ok' })
  db: string;
}
