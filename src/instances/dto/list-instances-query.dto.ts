import { ApiPropertyOptional } from '@nestjs/swagger';
import { IsOptional } from 'class-validator';
import { PageQuery } from '../../common/http/page-query.js';
import { Rule } from '../../common/http/rule.js';

/** More names would be a slow question, and the list without names has them all. */
const MAX_NAMES = 200;

const isTextOrTexts = (value: unknown): value is string | string[] =>
  typeof value === 'string' || (Array.isArray(value) && value.every((part) => typeof part === 'string'));
const isFewNames = (value: unknown) => !isTextOrTexts(value) || namesIn(value).length <= MAX_NAMES;

export class ListInstancesQuery extends PageQuery {
  @ApiPropertyOptional({
    description: 'Names of the instances to list, with commas between them; left out, all of the account',
    type: String,
    example: 'shop,support',
  })
  @IsOptional()
  @Rule('isTextOrTexts', isTextOrTexts, 'must be one or more names with commas between them')
  @Rule('isFewNames', isFewNames, `must have at most ${MAX_NAMES} names`)
  instanceName?: string | string[];

  /** `undefined` = all; empty when the parameter is there and names nothing. */
  toNames(): string[] | undefined {
    return this.instanceName === undefined ? undefined : namesIn(this.instanceName);
  }
}

function namesIn(given: string | readonly string[]): string[] {
  const names = [given]
    .flat()
    .flatMap((part) => part.split(','))
    .map((name) => name.trim());
  return [...new Set(names)].filter((name) => name !== '');
}
