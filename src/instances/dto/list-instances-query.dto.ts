import { ApiPropertyOptional } from '@nestjs/swagger';
import { IsOptional } from 'class-validator';
import { PageQuery } from '../../common/http/page-query.js';
import { Rule } from './body-rules.js';

const isTextOrTexts = (value: unknown) =>
  typeof value === 'string' || (Array.isArray(value) && value.every((part) => typeof part === 'string'));

export class ListInstancesQuery extends PageQuery {
  @ApiPropertyOptional({
    description: 'Names of the instances to list, with commas between them; left out, all of the account',
    type: String,
    example: 'shop,support',
  })
  @IsOptional()
  @Rule('isTextOrTexts', isTextOrTexts, 'must be one or more names with commas between them')
  instanceName?: string | string[];

  /** `undefined` = all. */
  toNames(): string[] | undefined {
    const names = [this.instanceName ?? []]
      .flat()
      .flatMap((part) => part.split(','))
      .map((name) => name.trim())
      .filter((name) => name !== '');
    return names.length > 0 ? [...new Set(names)] : undefined;
  }
}
