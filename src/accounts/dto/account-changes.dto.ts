import { ApiPropertyOptional } from '@nestjs/swagger';
import { IsBoolean, IsInt, IsOptional, Max, Min, ValidateIf } from 'class-validator';
import { MAX_INSTANCE_LIMIT, MAX_RATE_LIMIT } from '../account-name.js';

/** Body of `POST /api/account/update/:account`; what is left out stays. */
export class AccountChangesDto {
  @ApiPropertyOptional({
    description: 'Most instances that the account may have; `null` = no limit. Instances beyond it stay',
    type: 'integer',
    nullable: true,
    minimum: 0,
    maximum: MAX_INSTANCE_LIMIT,
    example: 25,
  })
  @IsOptional()
  @IsInt()
  @Min(0)
  @Max(MAX_INSTANCE_LIMIT)
  instanceLimit?: number | null;

  @ApiPropertyOptional({
    description:
      'Requests a minute over all tokens of the account; `null` = as `RATE_LIMIT_PER_ACCOUNT` says',
    type: 'integer',
    nullable: true,
    minimum: 1,
    maximum: MAX_RATE_LIMIT,
    example: 20_000,
  })
  @IsOptional()
  @IsInt()
  @Min(1)
  @Max(MAX_RATE_LIMIT)
  rateLimitPerMinute?: number | null;

  @ApiPropertyOptional({
    description: 'The tokens of a disabled account are refused and its sessions are closed',
    type: 'boolean',
    example: true,
  })
  @ValidateIf((_, value) => value !== undefined)
  @IsBoolean()
  enabled?: boolean;
}
