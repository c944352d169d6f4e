import { ApiProperty } from '@nestjs/swagger';

/** An account as the administrator sees it. */
export class AccountDto {
  @ApiProperty({
    description: 'Id, usable in paths in place of the name',
    format: 'uuid',
    example: '7b0c1a52-3c1e-4a7e-9f57-0d1d4f1d9a11',
  })
  id: string;

  @ApiProperty({ description: 'Name, usable in paths', example: 'acme' })
  name: string;

  @ApiProperty({
    description: 'Most instances that the account may have; `null` = no limit',
    type: 'integer',
    nullable: true,
    example: 10,
  })
  instanceLimit: number | null;

  @ApiProperty({
    description: 'Requests a minute over all its tokens; `null` = as `RATE_LIMIT_PER_ACCOUNT` says',
    type: 'integer',
    nullable: true,
    example: 20_000,
  })
  rateLimitPerMinute: number | null;

  @ApiProperty({ description: 'False: its tokens are refused', example: true })
  enabled: boolean;

  @ApiProperty({ description: 'RFC 3339, UTC', format: 'date-time', example: '2026-03-01T09:30:00.000Z' })
  createdAt: string;

  @ApiProperty({ description: 'RFC 3339, UTC', format: 'date-time', example: '2026-03-01T09:30:00.000Z' })
  updatedAt: string;
}
