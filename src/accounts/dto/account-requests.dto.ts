import { applyDecorators } from '@nestjs/common';
import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { IsBoolean, IsInt, IsOptional, Matches, Max, Min, ValidateIf } from 'class-validator';
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

  @InstanceLimit('Most instances that the account may have; `null` or left out = no limit', 10)
  instanceLimit?: number | null;

  @RequestsAMinute(
    'Requests a minute over all tokens of the account; `null` or left out = as `RATE_LIMIT_PER_ACCOUNT` says',
  )
  rateLimitPerMinute?: number | null;
}

/** Body of `POST /api/account/update/:account`; what is left out stays. */
export class AccountChangesDto {
  @InstanceLimit('Most instances that the account may have; `null` = no limit. Instances beyond it stay', 25)
  instanceLimit?: number | null;

  @RequestsAMinute(
    'Requests a minute over all tokens of the account; `null` = as `RATE_LIMIT_PER_ACCOUNT` says',
  )
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

function InstanceLimit(description: string, example: number) {
  return NumberOrNull({ description, example, minimum: 0, maximum: MAX_INSTANCE_LIMIT });
}

function RequestsAMinute(description: string) {
  return NumberOrNull({ description, example: 20_000, minimum: 1, maximum: MAX_RATE_LIMIT });
}

interface NumberDocs {
  readonly description: string;
  readonly example: number;
  readonly minimum: number;
  readonly maximum: number;
}

/** A whole number within limits, `null`, or nothing. */
function NumberOrNull(docs: NumberDocs) {
  return applyDecorators(
    ApiPropertyOptional({ type: 'integer', nullable: true, ...docs }),
    IsOptional(),
    IsInt(),
    Min(docs.minimum),
    Max(docs.maximum),
  );
}
