import { ApiPropertyOptional } from '@nestjs/swagger';
import { IsBoolean, IsInt, IsOptional, Max, Min, ValidateIf } from 'class-validator';
import { MAX_INSTANCE_LIMIT } from '../account-name.js';

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
    description: 'The tokens of a disabled account are refused and its sessions are closed',
    type: 'boolean',
    example: true,
  })
  @ValidateIf((_, value) => value !== undefined)
  @IsBoolean()
  enabled?: boolean;
}
