import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { IsInt, IsOptional, Matches, Max, Min } from 'class-validator';
import { InvalidRequestBody } from '../../common/http/request.errors.js';
import { IsFilled, IsTextIfGiven } from '../../common/http/text.validators.js';
import { problem } from '../../common/http/validation.pipe.js';
import { ACCOUNT_NAME_PATTERN, MAX_INSTANCE_LIMIT, MAX_RATE_LIMIT } from '../account-name.js';
import { AccountNameRequired } from '../accounts.errors.js';

/** Body of `POST /api/account/new`. */
export class NewAccountDto {
  @ApiProperty({
    description:
      'Name of the account, unique in the installation: 1 to 100 letters, digits, `_` and `-`; no UUID',
    example: 'acme',
  })
  @IsTextIfGiven()
  @IsFilled(problem(1, () => new AccountNameRequired()))
  @Matches(
    ACCOUNT_NAME_PATTERN,
    problem(
      2,
      () =>
        new InvalidRequestBody('name must be 1 to 100 letters, digits, "_" or "-", and not look like a UUID'),
    ),
  )
  name: string;

  @ApiPropertyOptional({
    description: 'Most instances that the account may have; `null` or left out = no limit',
    type: 'integer',
    nullable: true,
    minimum: 0,
    maximum: MAX_INSTANCE_LIMIT,
    example: 10,
  })
  @IsOptional()
  @IsInt()
  @Min(0)
  @Max(MAX_INSTANCE_LIMIT)
  instanceLimit?: number | null;

  @ApiPropertyOptional({
    description:
      'Requests a minute over all tokens of the account; `null` or left out = as `RATE_LIMIT_PER_ACCOUNT` says',
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
}
